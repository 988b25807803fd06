package dev.reseal.instance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.AuthorityMessage.Abort;
import dev.reseal.wire.AuthorityMessage.CheckpointAck;
import dev.reseal.wire.AuthorityMessage.Retired;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Head;
import dev.reseal.wire.InstanceMessage.Checkpoint;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.InstanceMessage.SealReceipt;
import dev.reseal.wire.Message;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every message that an instance obeys, changed in every way that a host can: refused by name, and
 * nothing changes. The unchanged message is obeyed afterwards, so that no refusal is an accident.
 */
final class MutationTest {

  /** What is done to a good message. */
  enum Change {
    OTHER_LINEAGE,
    OTHER_OP,
    OTHER_EPOCH,
    OTHER_FENCE,
    WRONG_SIGNER,
    OLD_KEY,
    OTHER_TYPE,
    TRUNCATED,
    OVERSIZED,
    NOT_CANONICAL,
    FLIPPED,
    REPLAYED
  }

  /** An instance in the right state and the good message for it. */
  record Setting(Side side, Instance instance, Verb verb, Message good) {}

  private interface Scene {
    Setting set();
  }

  /**
   * Expected refusals; a change that is not listed must be obeyed, as it says nothing to anybody.
   */
  private static Map<Change, String> rules(Map<Change, String> own) {
    Map<Change, String> rules = new EnumMap<>(Change.class);
    rules.put(Change.OTHER_LINEAGE, "LINEAGE_MISMATCH");
    rules.put(Change.WRONG_SIGNER, "SIGNER");
    rules.put(Change.OLD_KEY, "SIGNER");
    rules.put(Change.OTHER_TYPE, "SIGNATURE");
    rules.put(Change.TRUNCATED, "TRUNCATED");
    rules.put(Change.OVERSIZED, "SIZE");
    rules.put(Change.NOT_CANONICAL, "NOT_SHORTEST");
    rules.put(Change.FLIPPED, "SIGNATURE");
    rules.putAll(own);
    return rules;
  }

  @TestFactory
  List<DynamicTest> challenge() {
    // A challenge begins a conversation: op, fence and epoch are its own to name.
    return tests(MutationTest::born, rules(Map.of()));
  }

  private static Setting born() {
    Side side = new Side();
    Walk walk = new Walk(side);
    return new Setting(side, walk.instance, Verb.CHALLENGE, side.challenge(Side.operation(1)));
  }

  @TestFactory
  List<DynamicTest> grant() {
    return tests(
        () -> {
          Side side = new Side();
          Walk walk = new Walk(side);
          Side.Operation one = Side.operation(1);
          var request = walk.attest(one);
          return new Setting(
              side, walk.instance, Verb.GRANT, side.grant(one, request, Optional.empty()));
        },
        rules(
            Map.of(
                Change.OTHER_OP, "BINDING_MISMATCH",
                Change.OTHER_FENCE, "BINDING_MISMATCH",
                Change.REPLAYED, "WRONG_STATE")));
  }

  @TestFactory
  List<DynamicTest> activation() {
    return tests(
        () -> {
          Side side = new Side();
          Walk first = new Walk(side);
          Side.Operation one = first.genesis();
          Side.Operation two = Side.operation(2);
          first.lock(one, two);
          Walk.Sealed<SealReceipt> sealed = first.seal();
          Walk second = Walk.granted(side, one, two, sealed);
          Ready ready =
              second.sent(Ready.class, second.done(second.restore(sealed.file()))).message();
          return new Setting(
              side,
              second.instance,
              Verb.ACTIVATION,
              side.activation(two, second.instance, ready, 2));
        },
        rules(
            Map.of(
                Change.OTHER_OP, "BINDING_MISMATCH",
                Change.OTHER_FENCE, "FENCED",
                Change.REPLAYED, "WRONG_STATE")));
  }

  @TestFactory
  List<DynamicTest> finish() {
    return tests(
        () -> {
          Side side = new Side();
          Walk walk = new Walk(side);
          Side.Operation one = walk.genesis();
          return new Setting(
              side, walk.instance, Verb.FINISH, side.ticket(one, Side.operation(2), walk.instance));
        },
        rules(
            Map.of(
                Change.OTHER_EPOCH, "FENCED",
                Change.OTHER_FENCE, "FENCED",
                Change.REPLAYED, "WRONG_STATE")));
  }

  @TestFactory
  List<DynamicTest> abort() {
    return tests(
        () -> {
          Side side = new Side();
          Walk walk = new Walk(side);
          Side.Operation one = walk.genesis();
          Side.Operation two = Side.operation(2);
          walk.lock(one, two);
          Head head = new Head(Side.LINEAGE, two.opId(), two.fence(), 1);
          return new Setting(
              side, walk.instance, Verb.ABORT, new Abort(head, walk.instance.instanceId()));
        },
        rules(
            Map.of(
                Change.OTHER_OP, "FENCED",
                Change.OTHER_FENCE, "FENCED",
                Change.REPLAYED, "WRONG_STATE")));
  }

  @TestFactory
  List<DynamicTest> rekeyGrant() {
    return tests(
        () -> {
          Side side = new Side();
          Walk walk = new Walk(side);
          Side.Operation one = walk.genesis();
          return new Setting(
              side, walk.instance, Verb.REKEY_GRANT, side.rekey(one, 11, walk.instance, 2));
        },
        rules(
            Map.of(
                // op_id and fence are in the HPKE info of the keyset.
                Change.OTHER_OP, "HPKE",
                Change.OTHER_EPOCH, "FENCED",
                Change.OTHER_FENCE, "FENCED",
                Change.REPLAYED, "FENCED")));
  }

  @TestFactory
  List<DynamicTest> checkpointAck() {
    return tests(
        () -> {
          Side side = new Side();
          Walk walk = new Walk(side);
          walk.genesis();
          Checkpoint sent = walk.checkpoint().message().message();
          Head head = new Head(Side.LINEAGE, sent.head().opId(), sent.head().fence(), 1);
          Bytes bodyId = Digests.body(sent.core(), sent.footer());
          return new Setting(
              side,
              walk.instance,
              Verb.CHECKPOINT_ACK,
              new CheckpointAck(head, bodyId, sent.nonce(), side.logHead()));
        },
        // The nonce names the one checkpoint; op and fence add nothing to it.
        rules(Map.of(Change.OTHER_EPOCH, "FENCED", Change.REPLAYED, "BINDING_MISMATCH")));
  }

  @TestFactory
  List<DynamicTest> passport() {
    return tests(
        () -> {
          Side side = new Side();
          Walk walk = new Walk(side);
          Side.Operation one = walk.genesis();
          return new Setting(
              side, walk.instance, Verb.PASSPORT, side.passport(one, walk.instance, 200_000));
        },
        rules(Map.of(Change.OTHER_EPOCH, "FENCED")));
  }

  @TestFactory
  List<DynamicTest> retired() {
    return tests(
        () -> {
          Side side = new Side();
          Walk walk = new Walk(side);
          walk.genesis();
          Head head = new Head(Side.LINEAGE, Bytes.zeros(16), 12, 1);
          return new Setting(
              side,
              walk.instance,
              Verb.RETIRED,
              new Retired(head, List.of(), List.of(9L), side.logHead(), 0));
        },
        rules(Map.of()));
  }

  private static List<DynamicTest> tests(Scene scene, Map<Change, String> rules) {
    List<DynamicTest> tests = new ArrayList<>();
    for (Change change : Change.values()) {
      tests.add(DynamicTest.dynamicTest(change.name(), () -> check(scene.set(), change, rules)));
    }
    return tests;
  }

  private static void check(Setting setting, Change change, Map<Change, String> rules) {
    Instance instance = setting.instance();
    Bytes good = setting.side().sign(setting.good());
    if (change == Change.REPLAYED) {
      assertThat(instance.obey(setting.verb(), good)).isInstanceOf(Outcome.Done.class);
    }
    State before = instance.state();
    Optional<Long> gen = instance.gen();
    Optional<Bytes> passport = instance.passport();
    Outcome outcome = instance.obey(setting.verb(), changed(setting, change));
    if (!rules.containsKey(change)) {
      assertThat(outcome).isInstanceOf(Outcome.Done.class);
      return;
    }
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Outcome.Refused.class,
            refused -> assertThat(refused.rule()).isEqualTo(rules.get(change)));
    assertThat(instance.state()).isEqualTo(before);
    assertThat(instance.gen()).isEqualTo(gen);
    assertThat(instance.passport()).isEqualTo(passport);
    if (change != Change.REPLAYED) {
      assertThat(instance.obey(setting.verb(), good)).isInstanceOf(Outcome.Done.class);
    }
  }

  private static Bytes changed(Setting setting, Change change) {
    Side side = setting.side();
    Message good = setting.good();
    Bytes cose = side.sign(good);
    Cbor.Map fields = (Cbor.Map) Cbor.decode(good.payload());
    Head head = good.head();
    return switch (change) {
      case OTHER_LINEAGE -> resigned(side, good, fields.without(3).with(3, Bytes.zeros(16)));
      case OTHER_OP ->
          resigned(side, good, fields.without(4).with(4, Bytes.ascii("another operatio")));
      case OTHER_EPOCH -> resigned(side, good, fields.without(6).with(6, head.epoch() + 1));
      case OTHER_FENCE -> resigned(side, good, fields.without(5).with(5, head.fence() / 2));
      case WRONG_SIGNER, OLD_KEY ->
          Signed.sign(good, SigningKey.generate(Randomness.system())).cose();
      case OTHER_TYPE -> {
        MessageType other =
            good.type() == MessageType.PROOF ? MessageType.ABORT : MessageType.PROOF;
        yield Cose.sign(other.wireName(), good.payload(), side.authority);
      }
      case TRUNCATED -> cose.slice(0, cose.size() - 1);
      case OVERSIZED -> Bytes.concat(cose, Bytes.zeros(good.type().most()));
      case NOT_CANONICAL -> longHead(cose);
      case FLIPPED -> {
        byte[] flipped = cose.toArray();
        flipped[flipped.length - 1] ^= 1;
        yield Bytes.wrap(flipped);
      }
      case REPLAYED -> cose;
    };
  }

  private static Bytes resigned(Side side, Message good, Cbor.Map fields) {
    return Cose.sign(good.type().wireName(), fields.encode(), side.authority);
  }

  /** The same message with the length of its protected header in a longer form. */
  private static Bytes longHead(Bytes cose) {
    return Bytes.concat(cose.slice(0, 2), Bytes.hex("590026"), cose.slice(4, cose.size() - 4));
  }
}
