package dev.reseal.instance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.Footer;
import dev.reseal.wire.AuthorityMessage.Abort;
import dev.reseal.wire.AuthorityMessage.CheckpointAck;
import dev.reseal.wire.AuthorityMessage.Retired;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Claims;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Head;
import dev.reseal.wire.InstanceMessage.Checkpoint;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.InstanceMessage.Renew;
import dev.reseal.wire.InstanceMessage.SealReceipt;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Protocol 8: an instance through its life, and what it refuses. */
final class InstanceTest {
  private final Side side = new Side();
  private final Walk first = new Walk(side);

  @Test
  void aStateIsCarriedFromOneInstanceToTheNext() {
    Side.Operation one = first.genesis();
    Side.Operation two = Side.operation(2);
    first.lock(one, two);
    Walk.Sealed<SealReceipt> sealed = first.seal();
    Walk second = Walk.granted(side, one, two, sealed);
    Ready ready = second.sent(Ready.class, second.done(second.restore(sealed.file()))).message();
    assertThat(ready.openingProof()).contains(side.openingProof(two, ready));
    assertThat(second.instance.state()).isEqualTo(State.STANDBY);
    second.obey(Verb.ACTIVATION, side.activation(two, second.instance, ready, 2));
    assertThat(second.instance.state()).isEqualTo(State.SERVING);
    assertThat(second.instance.stores().get("users", Cbor.of("bob")))
        .contains(Cbor.of("bob's record"));
    assertThat(second.instance.stores().size("users")).isEqualTo(3);
    assertThat(second.app.generations).containsExactly(2L);
    assertThat(second.instance.stores().put("users", Cbor.of("zoe"), Cbor.of("new")))
        .isGreaterThan(first.instance.stores().version());
  }

  @Test
  void oneThatServesLooksAtItsSlotsAndTriesToMakeAQuote() {
    SoftDevice device = new SoftDevice("this machine", Walk.MRENCLAVE);
    Walk walk = new Walk(side, device);
    walk.genesis();
    Bytes slots = walk.checkpoint().message().message().slots();
    assertThat(walk.done(walk.instance.obey(Verb.PLAT_CHECK, slots)))
        .contains(new Output.PlatChecked(List.of(true)));
    device.quotes = false;
    assertThat(walk.instance.obey(Verb.PLAT_CHECK, slots))
        .isInstanceOfSatisfying(
            Outcome.Refused.class, no -> assertThat(no.rule()).isEqualTo("UNAVAILABLE"));
    Walk elsewhere = new Walk(side, new SoftDevice("another machine", Walk.MRENCLAVE));
    elsewhere.genesis();
    assertThat(elsewhere.done(elsewhere.instance.obey(Verb.PLAT_CHECK, slots)))
        .contains(new Output.PlatChecked(List.of(false)));
  }

  @Test
  void evidenceIsOverTheClaimsOfThisInstance() {
    var request = first.attest(Side.operation(1)).message();
    Claims claims = Claims.decode(request.claims());
    assertThat(claims.instanceId()).isEqualTo(first.instance.instanceId());
    assertThat(request.evidence().slice(320, 64)).isEqualTo(Claims.reportData(request.claims()));
  }

  @Test
  void onlyTheAbortOfThisOperationMakesALockedInstanceServe() {
    Side.Operation one = first.genesis();
    Side.Operation two = Side.operation(2);
    Side.Operation three = Side.operation(3);
    first.lock(one, two);
    Head other = new Head(Side.LINEAGE, three.opId(), three.fence(), 1);
    refused(Verb.ABORT, side.sign(new Abort(other, first.instance.instanceId())), "FENCED");
    Head right = new Head(Side.LINEAGE, two.opId(), two.fence(), 1);
    refused(Verb.ABORT, side.sign(new Abort(right, Bytes.zeros(32))), "FENCED");
    first.obey(Verb.ABORT, new Abort(right, first.instance.instanceId()));
    assertThat(first.instance.state()).isEqualTo(State.SERVING);
    refused(Verb.FINISH, side.sign(side.ticket(one, two, first.instance)), "FENCED");
    first.lock(one, three);
    refused(Verb.ABORT, side.sign(new Abort(right, first.instance.instanceId())), "FENCED");
  }

  @Test
  void aLockedInstanceSealsAgainUnderFreshKeysAndTheSameContent() {
    Side.Operation one = first.genesis();
    first.lock(one, Side.operation(2));
    SealReceipt a = first.seal().message().message();
    SealReceipt b = first.seal().message().message();
    assertThat(a.core()).isNotEqualTo(b.core());
    assertThat(a.ticketDigest()).isEqualTo(b.ticketDigest());
  }

  @Test
  void aChangedContainerLeavesTheCandidateDead() {
    Side.Operation one = first.genesis();
    Side.Operation two = Side.operation(2);
    first.lock(one, two);
    Walk.Sealed<SealReceipt> sealed = first.seal();
    Walk second = Walk.granted(side, one, two, sealed);
    byte[] changed = sealed.file().toArray();
    int footer = sealed.message().message().footer().size() + 16 + 5;
    changed[changed.length - footer - 1] ^= 1;
    assertThat(second.restore(Bytes.wrap(changed))).isInstanceOf(Outcome.Refused.class);
    assertThat(second.instance.state()).isEqualTo(State.DEAD);
    assertThat(second.instance.stores().size("users")).isZero();
  }

  @Test
  void anotherMachineHasAnotherPlatformKey() {
    Side.Operation one = first.genesis();
    Side.Operation two = Side.operation(2);
    first.lock(one, two);
    Walk.Sealed<SealReceipt> sealed = first.seal();
    Walk second = Walk.granted(side, one, two, sealed, new SoftDevice("elsewhere", Walk.MRENCLAVE));
    assertThat(second.restore(sealed.file()))
        .isInstanceOfSatisfying(
            Outcome.Refused.class,
            refused -> assertThat(refused.rule()).isEqualTo("PLATFORM_KEY_CHANGED"));
  }

  @Test
  void anOldRekeyGrantBringsNoGenerationBack() {
    Side.Operation one = first.genesis();
    Bytes second = side.sign(side.rekey(one, 11, first.instance, 2));
    first.done(first.instance.obey(Verb.REKEY_GRANT, second));
    first.obey(Verb.REKEY_GRANT, side.rekey(one, 12, first.instance, 3));
    refused(Verb.REKEY_GRANT, second, "FENCED");
    refused(Verb.REKEY_GRANT, side.sign(side.rekey(one, 12, first.instance, 4)), "FENCED");
    Head head = new Head(Side.LINEAGE, Bytes.zeros(16), 13, 1);
    first.obey(Verb.RETIRED, new Retired(head, List.of(), List.of(2L), side.logHead(), 0));
    assertThat(first.instance.gen()).contains(3L);
  }

  @Test
  void acknowledgementsBeyondTheRpoAreHeldUntilTheHeadHasThem() {
    Side.Operation one = first.genesis();
    long newest = first.instance.stores().version();
    assertThat(first.instance.mayRelease(newest)).isFalse();
    Checkpoint checkpoint = first.checkpoint().message().message();
    assertThat(Footer.decode(checkpoint.footer()).seq()).isEqualTo(2);
    Bytes bodyId = Digests.body(checkpoint.core(), checkpoint.footer());
    Head head = new Head(Side.LINEAGE, checkpoint.head().opId(), one.fence(), 1);
    refused(
        Verb.CHECKPOINT_ACK,
        side.sign(new CheckpointAck(head, bodyId, Bytes.zeros(32), side.logHead())),
        "BINDING_MISMATCH");
    first.obey(
        Verb.CHECKPOINT_ACK, new CheckpointAck(head, bodyId, checkpoint.nonce(), side.logHead()));
    assertThat(first.instance.mayRelease(newest)).isTrue();
    assertThat(first.instance.mayRelease(newest + 2)).isTrue();
    assertThat(first.instance.mayRelease(newest + 3)).isFalse();
  }

  @Test
  void aRenewalNamesTheNewestPassport() {
    Side.Operation one = first.genesis();
    Bytes newer = side.sign(side.passport(one, first.instance, 200_000));
    first.done(first.instance.obey(Verb.PASSPORT, newer));
    Renew renew =
        first.sent(Renew.class, first.done(first.instance.obey(Verb.RENEW, Bytes.EMPTY))).message();
    assertThat(renew.passportDigest()).isEqualTo(newer.sha256());
    first.obey(Verb.PASSPORT, side.passport(one, first.instance, 150_000));
    assertThat(first.instance.passport()).contains(newer);
  }

  @Test
  void aDrainThatTakesTooLongGoesOnServing() {
    Side.Operation one = first.genesis();
    first.obey(Verb.FINISH, side.ticket(one, Side.operation(2), first.instance));
    first.done(first.instance.drainDeadline());
    assertThat(first.instance.state()).isEqualTo(State.SERVING);
    first.lock(one, Side.operation(2));
    assertThat(first.instance.state()).isEqualTo(State.LOCKED);
  }

  @Test
  void aForkedChildIsDead() {
    first.genesis();
    first.done(first.instance.forked());
    assertThat(first.instance.state()).isEqualTo(State.DEAD);
    assertThat(first.instance.stores().size("users")).isZero();
    assertThat(first.instance.gen()).isEmpty();
  }

  @Test
  void anImageWithAFixedPolicyTakesNoOther() {
    Trust trust =
        new Trust(List.of(side.authority.verifyKey()), Optional.of(Bytes.zeros(32)), Side.LINEAGE);
    try (Instance fixed =
        new Instance(
            trust,
            new SoftDevice("this machine", Walk.MRENCLAVE),
            new Walk.App(),
            dev.reseal.wire.Randomness.system(),
            dev.reseal.sealed.Workers.caller(),
            new Traced()::stepped)) {
      Side.Operation one = Side.operation(1);
      Outcome attested = fixed.obey(Verb.CHALLENGE, side.sign(side.challenge(one)));
      Bytes request = ((Output.Send) ((Outcome.Done) attested).outputs().getFirst()).cose();
      var signed =
          dev.reseal.wire.Signed.verify(
              dev.reseal.wire.InstanceMessage.GrantRequest.class,
              request,
              new dev.reseal.wire.VerifyKey(fixed.born().get(1)));
      Outcome outcome =
          fixed.obey(Verb.GRANT, side.sign(side.grant(one, signed, Optional.empty())));
      assertThat(outcome)
          .isInstanceOfSatisfying(
              Outcome.Refused.class,
              refused -> assertThat(refused.rule()).isEqualTo("POLICY_REFUSED"));
      assertThat(fixed.state()).isEqualTo(State.BORN);
    }
  }

  private void refused(Verb verb, Bytes payload, String rule) {
    State before = first.instance.state();
    assertThat(first.instance.obey(verb, payload))
        .isInstanceOfSatisfying(
            Outcome.Refused.class, found -> assertThat(found.rule()).isEqualTo(rule));
    assertThat(first.instance.state()).isEqualTo(before);
  }
}
