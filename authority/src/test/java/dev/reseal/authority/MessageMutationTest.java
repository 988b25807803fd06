package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Limits;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every message that the authority reads, changed in every way that a host or a stranger can:
 * refused by name, and neither row nor log changes. The unchanged message is answered afterwards.
 */
final class MessageMutationTest {
  @TempDir private Path home;

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
    FLIPPED
  }

  /** An authority in the right state, the good message, who signed it and who no longer may. */
  record Setting(World world, Bytes good, SigningKey signer, SigningKey old) {}

  private interface Scene {
    Setting set(World world);
  }

  /** A type of message, how it comes about, and the rules that are its own. */
  record Row(Scene scene, Map<Change, String> rules) {}

  private static final Map<MessageType, Row> ROWS = new EnumMap<>(MessageType.class);

  static {
    ROWS.put(
        MessageType.REQUEST,
        new Row(
            MessageMutationTest::request,
            // An op_id is the requester's own to choose: another one is another request.
            Map.of(
                Change.OTHER_EPOCH, "FENCED",
                Change.OTHER_FENCE, "FENCED",
                Change.OLD_KEY, "DENY verb=reseal")));
    ROWS.put(
        MessageType.OPEN,
        new Row(
            MessageMutationTest::open,
            // Only overlap opens, which is not in this version: nothing behind the signature
            // counts.
            Map.of(
                Change.OTHER_OP, "NOT_OVERLAP",
                Change.OTHER_EPOCH, "NOT_OVERLAP",
                Change.OTHER_FENCE, "NOT_OVERLAP")));
    ROWS.put(
        MessageType.SEAL_RECEIPT,
        new Row(
            MessageMutationTest::receipt,
            Map.of(
                Change.OTHER_OP, "OTHER_OPERATION",
                Change.OTHER_EPOCH, "OTHER_OPERATION",
                Change.OTHER_FENCE, "OTHER_OPERATION")));
    ROWS.put(
        MessageType.CHECKPOINT,
        new Row(
            MessageMutationTest::checkpoint,
            // Its op_id is fresh and random (6.3).
            Map.of(Change.OTHER_EPOCH, "FENCED", Change.OTHER_FENCE, "FENCED")));
    // In these two, operation and fence say which epoch is meant.
    ROWS.put(
        MessageType.GRANT_REQUEST,
        new Row(
            MessageMutationTest::grantRequest,
            Map.of(Change.OTHER_OP, "OTHER_OPERATION", Change.OTHER_FENCE, "OTHER_OPERATION")));
    ROWS.put(
        MessageType.READY,
        new Row(
            MessageMutationTest::ready,
            Map.of(Change.OTHER_OP, "OTHER_OPERATION", Change.OTHER_FENCE, "OTHER_OPERATION")));
    ROWS.put(
        MessageType.RENEW,
        new Row(
            MessageMutationTest::renew,
            // Its op_id is fresh and random, and the newest passport is named by digest (6.4).
            Map.of(Change.OTHER_EPOCH, "FENCED")));
  }

  private static Map<Change, String> rules(Row row) {
    Map<Change, String> rules = new EnumMap<>(Change.class);
    rules.put(Change.OTHER_LINEAGE, "UNKNOWN_LINEAGE");
    rules.put(Change.WRONG_SIGNER, "SIGNER");
    rules.put(Change.OLD_KEY, "SIGNER");
    rules.put(Change.OTHER_TYPE, "SIGNATURE");
    rules.put(Change.TRUNCATED, "TRUNCATED");
    rules.put(Change.OVERSIZED, "SIZE");
    rules.put(Change.NOT_CANONICAL, "NOT_SHORTEST");
    rules.put(Change.FLIPPED, "SIGNATURE");
    rules.putAll(row.rules());
    return rules;
  }

  private static Setting request(World world) {
    world.serving();
    Ask ask = world.ask(Kind.RESEAL, false, Ask.NOTHING);
    return new Setting(world, world.signed(ask, world.operator), world.operator, world.supervisor);
  }

  /** The instance of epoch 2, and the key of the one of epoch 1. */
  private record Second(Instance active, SigningKey old) {
    static Second of(World world) {
      Instance first = world.serving();
      SigningKey key = key(first);
      return new Second(world.activate(world.sealed(first, false)), key);
    }
  }

  private static Setting open(World world) {
    Second second = Second.of(world);
    world.begin(Kind.RESEAL, false);
    Head row = new Head(World.LINEAGE, world.status().operation().opId(), 3, 2);
    Bytes payload =
        new dev.reseal.wire.InstanceMessage.Open(
                row, Bytes.zeros(8), Bytes.zeros(8), Bytes.zeros(32))
            .payload();
    SigningKey signer = key(second.active());
    return new Setting(world, Cose.sign("open", payload, signer), signer, second.old());
  }

  private static Setting receipt(World world) {
    Second second = Second.of(world);
    Ask ask = world.ask(Kind.RESEAL, false, Ask.NOTHING);
    SigningKey signer = key(second.active());
    Bytes receipt = world.seal(second.active(), answer(world.request(ask, world.operator)));
    return new Setting(world, receipt, signer, second.old());
  }

  private static Setting checkpoint(World world) {
    Second second = Second.of(world);
    return new Setting(
        world, world.checkpointOf(second.active()), key(second.active()), second.old());
  }

  private static Setting grantRequest(World world) {
    Instance first = world.serving();
    SigningKey old = key(first);
    Bytes opId = world.sealed(first, false);
    Instance candidate = world.instance();
    return new Setting(world, world.attest(candidate, opId), key(candidate), old);
  }

  private static Setting ready(World world) {
    Instance first = world.serving();
    SigningKey old = key(first);
    Bytes opId = world.sealed(first, false);
    Instance candidate = world.instance();
    return new Setting(world, world.ready(candidate, opId), key(candidate), old);
  }

  private static Setting renew(World world) {
    Second second = Second.of(world);
    return new Setting(world, world.renewal(second.active()), key(second.active()), second.old());
  }

  /** The key that signs an instance's messages: what a broken instance could sign with. */
  static SigningKey key(Instance instance) {
    try {
      Field body = Instance.class.getDeclaredField("body");
      body.setAccessible(true);
      Object heart = Objects.requireNonNull(body.get(instance));
      Field identity = heart.getClass().getDeclaredField("identity");
      identity.setAccessible(true);
      Object keys = Objects.requireNonNull(identity.get(heart));
      Method signature = keys.getClass().getDeclaredMethod("signature");
      signature.setAccessible(true);
      return (SigningKey) Objects.requireNonNull(signature.invoke(keys));
    } catch (ReflectiveOperationException changed) {
      throw new LinkageError("the instance keeps its key elsewhere now", changed);
    }
  }

  @TestFactory
  List<DynamicTest> everyMutationOfEveryTypeIsRefusedByNameAndChangesNothing() {
    List<DynamicTest> tests = new ArrayList<>();
    ROWS.forEach((type, row) -> {
      for (Change change : Change.values()) {
        tests.add(
            DynamicTest.dynamicTest(
                type.wireName() + " " + change, () -> check(type, row, change)));
      }
    });
    return tests;
  }

  private void check(MessageType type, Row row, Change change) throws IOException {
    World world = new World(Files.createTempDirectory(home, "w"));
    Setting setting = row.scene().set(world);
    long entries = world.store.tail().seq();
    Bytes before = world.store.row(World.LINEAGE).orElseThrow().row();
    Reply reply = world.service.post(type.wireName(), changed(type, setting, change));
    String expected = rules(row).get(change);
    if (expected == null) {
      assertThat(reply)
          .as(change + " says nothing to the authority")
          .isInstanceOf(Reply.Answer.class);
      return;
    }
    assertThat(refusal(reply).rule()).isEqualTo(expected);
    assertThat(world.store.tail().seq()).isEqualTo(entries);
    assertThat(world.store.row(World.LINEAGE).orElseThrow().row()).isEqualTo(before);
    Reply good = world.service.post(type.wireName(), setting.good());
    if (type == MessageType.OPEN) {
      assertThat(refusal(good).rule()).isEqualTo("NOT_OVERLAP");
    } else {
      answer(good);
    }
  }

  private static Bytes changed(MessageType type, Setting setting, Change change) {
    Bytes good = setting.good();
    Bytes payload = Cose.parse(good, type.most()).payload();
    Cbor.Map fields = (Cbor.Map) Cbor.decode(payload);
    String name = type.wireName();
    return switch (change) {
      case OTHER_LINEAGE -> with(type, setting, 3, Cbor.of(Bytes.ascii("another lineage!")));
      case OTHER_OP -> with(type, setting, 4, Cbor.of(Bytes.ascii("another operatio")));
      case OTHER_FENCE -> with(type, setting, 5, Cbor.of(number(fields, 5) + 1));
      case OTHER_EPOCH -> with(type, setting, 6, Cbor.of(number(fields, 6) + 1));
      case WRONG_SIGNER -> Cose.sign(name, payload, SigningKey.generate(Randomness.system()));
      case OLD_KEY -> Cose.sign(name, payload, setting.old());
      case OTHER_TYPE ->
          Cose.sign(
              (type == MessageType.RENEW ? MessageType.CHECKPOINT : MessageType.RENEW).wireName(),
              payload,
              setting.signer());
      case TRUNCATED -> good.slice(0, good.size() - 1);
      case OVERSIZED -> Bytes.concat(good, Bytes.zeros(type.most()));
      case NOT_CANONICAL ->
          Bytes.concat(good.slice(0, 2), Bytes.hex("590026"), good.slice(4, good.size() - 4));
      case FLIPPED -> {
        byte[] flipped = good.toArray();
        flipped[flipped.length - 1] ^= 1;
        yield Bytes.wrap(flipped);
      }
    };
  }

  private static long number(Cbor.Map fields, long key) {
    return ((Cbor.Int) Objects.requireNonNull(fields.entries().get(key))).value();
  }

  /** Signed by the right one; in a request, what it asks for says the same as its head. */
  private static Bytes with(MessageType type, Setting setting, long key, Cbor value) {
    Cbor.Map fields =
        (Cbor.Map) Cbor.decode(Cose.parse(setting.good(), Limits.GRANT_REQUEST).payload());
    Cbor.Map changed = replaced(fields, key, value);
    if (type == MessageType.REQUEST) {
      Bytes ask = ((Cbor.Bin) Objects.requireNonNull(fields.entries().get(10L))).value();
      // lineage, op_id, fence and epoch are fields 1 to 4 of an ask
      Bytes other = replaced((Cbor.Map) Cbor.decode(ask), key - 2, value).encode();
      changed = replaced(changed, 10, Cbor.of(other));
    }
    return Cose.sign(type.wireName(), changed.encode(), setting.signer());
  }

  private static Cbor.Map replaced(Cbor.Map fields, long key, Cbor value) {
    return fields.without(key).with(key, value);
  }

  @TestFactory
  List<DynamicTest> aRepeatGivesTheSameBytesOrIsRefusedAndChangesNothing() {
    List<DynamicTest> tests = new ArrayList<>();
    ROWS.forEach((type, row) ->
        tests.add(
            DynamicTest.dynamicTest(
                type.wireName(),
                () -> {
                  World world = new World(Files.createTempDirectory(home, "w"));
                  Setting setting = row.scene().set(world);
                  Reply first = world.service.post(type.wireName(), setting.good());
                  long entries = world.store.tail().seq();
                  Bytes before = world.store.row(World.LINEAGE).orElseThrow().row();
                  Reply again = world.service.post(type.wireName(), setting.good());
                  if (type == MessageType.RENEW) {
                    assertThat(refusal(again).rule()).isEqualTo("STALE_PASSPORT");
                  } else {
                    assertThat(again).isEqualTo(first);
                  }
                  assertThat(world.store.tail().seq()).isEqualTo(entries);
                  assertThat(world.store.row(World.LINEAGE).orElseThrow().row()).isEqualTo(before);
                })));
    return tests;
  }

  @Test
  void everyTypeThatTheSpecificationSendsToTheAuthorityHasARow() throws IOException {
    assertThat(ROWS.keySet().stream().map(MessageType::wireName).collect(Collectors.toSet()))
        .isEqualTo(readBy("authority"));
  }

  /** Names from the table of spec/messages.md, whose third column is "signer → readers". */
  private static Set<String> readBy(String reader) throws IOException {
    Path here = Path.of("").toAbsolutePath();
    while (!Files.exists(here.resolve("spec/messages.md"))) {
      here = Objects.requireNonNull(here.getParent(), "no spec above the working directory");
    }
    Map<String, String> readers = new TreeMap<>();
    for (String line : Files.readAllLines(here.resolve("spec/messages.md"))) {
      String[] cells = line.split("\\|", -1);
      if (cells.length > 4 && cells[1].strip().matches("\\d+") && cells[3].contains("→")) {
        readers.put(cells[2].strip().replace("`", ""), cells[3].substring(cells[3].indexOf('→')));
      }
    }
    assertThat(readers).hasSizeGreaterThan(14);
    Set<String> names = new TreeSet<>();
    readers.forEach((name, who) -> {
      if (who.contains(reader)) {
        names.add(name);
      }
    });
    return names;
  }
}
