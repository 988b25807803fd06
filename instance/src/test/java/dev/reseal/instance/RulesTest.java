package dev.reseal.instance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.AuthorityMessage.Activation;
import dev.reseal.wire.AuthorityMessage.Grant;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.Hpke;
import dev.reseal.wire.HpkeInfo;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.InstanceMessage.SealReceipt;
import dev.reseal.wire.LogMessage.LogHead;
import dev.reseal.wire.Message;
import dev.reseal.wire.Passport;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Protocol 8: what a message must say beyond its head, one rule a test. */
final class RulesTest {
  private final Side side = new Side();
  private final Walk first = new Walk(side);
  private final Side.Operation two = Side.operation(2);

  /** A candidate in STANDBY and the activation that fits it. */
  private record Standby(Walk walk, Activation good) {}

  private Standby standby() {
    Side.Operation one = first.genesis();
    first.lock(one, two);
    Walk.Sealed<SealReceipt> sealed = first.seal();
    Walk second = Walk.granted(side, one, two, sealed);
    Ready ready = second.sent(Ready.class, second.done(second.restore(sealed.file()))).message();
    return new Standby(second, side.activation(two, second.instance, ready, 2));
  }

  private void refused(Walk walk, Verb verb, Message message, String rule) {
    State before = walk.instance.state();
    assertThat(walk.instance.obey(verb, side.sign(message)))
        .isInstanceOfSatisfying(
            Outcome.Refused.class, found -> assertThat(found.rule()).isEqualTo(rule));
    assertThat(walk.instance.state()).isEqualTo(before);
  }

  private static Activation with(
      Activation a, Bytes stateHead, Bytes passport, Bytes logHead, Bytes policy) {
    return new Activation(
        a.head(),
        a.instanceId(),
        a.epoch(),
        a.gen(),
        a.keyset(),
        stateHead,
        passport,
        logHead,
        policy);
  }

  @Test
  void anActivationOfAnotherHeadIsRefused() {
    Standby s = standby();
    Activation a = s.good();
    refused(
        s.walk(),
        Verb.ACTIVATION,
        with(a, Bytes.zeros(32), a.passport(), a.logHead(), a.essentials()),
        "BINDING_MISMATCH");
    s.walk().obey(Verb.ACTIVATION, a);
  }

  @Test
  void anActivationWithThePassportOfAnotherInstanceIsRefused() {
    Standby s = standby();
    Activation a = s.good();
    Bytes foreign = side.sign(side.passport(two, first.instance, 120_000));
    refused(
        s.walk(),
        Verb.ACTIVATION,
        with(a, a.stateHead(), foreign, a.logHead(), a.essentials()),
        "BINDING_MISMATCH");
    UnaryOperator<Passport> online =
        p ->
            new Passport(
                p.head(),
                p.instanceId(),
                p.instanceKey(),
                p.tlsKeyDigest(),
                p.gen(),
                p.stateHead(),
                p.mrenclave(),
                p.platformKind(),
                p.notBefore(),
                p.notAfter(),
                p.flags(),
                p.logHead(),
                Optional.of(Bytes.zeros(32)));
    Bytes personal = side.sign(online.apply(side.passport(two, s.walk().instance, 120_000)));
    refused(
        s.walk(),
        Verb.ACTIVATION,
        with(a, a.stateHead(), personal, a.logHead(), a.essentials()),
        "BINDING_MISMATCH");
  }

  @Test
  void anActivationUnderAnotherPolicyThanTheGrantIsRefused() {
    Standby s = standby();
    Activation a = s.good();
    refused(
        s.walk(),
        Verb.ACTIVATION,
        with(a, a.stateHead(), a.passport(), a.logHead(), other(side.policy).encode()),
        "POLICY_REFUSED");
  }

  private static Essentials other(Essentials p) {
    return new Essentials(
        p.lineage(),
        p.env(),
        p.binding(),
        p.recovery(),
        Optional.of(99L),
        p.stateMax(),
        p.purposes(),
        p.attributeMask(),
        p.miscMask());
  }

  @Test
  void aLogHeadThatTheAuthorityDidNotSignEndsTheMessage() {
    Standby s = standby();
    Activation a = s.good();
    Bytes invented =
        Signed.sign(
                new LogHead(Head.LOG, 99, Bytes.zeros(32)),
                SigningKey.generate(Randomness.system()))
            .cose();
    refused(
        s.walk(),
        Verb.ACTIVATION,
        with(a, a.stateHead(), a.passport(), invented, a.essentials()),
        "SIGNER");
  }

  @Test
  void aKeysetWhoseActiveGenerationIsAnotherIsRefused() {
    Standby s = standby();
    Activation a = s.good();
    Bytes info = HpkeInfo.of(two.head()).keyset(a.instanceId(), a.epoch(), 3);
    Hpke.Box box =
        Hpke.seal(Side.kem(s.walk().instance), info, side.keyset(2).encode(), Randomness.system());
    refused(
        s.walk(),
        Verb.ACTIVATION,
        new Activation(
            a.head(),
            a.instanceId(),
            a.epoch(),
            3,
            box,
            a.stateHead(),
            a.passport(),
            a.logHead(),
            a.essentials()),
        "BINDING_MISMATCH");
  }

  @Test
  void anActivationForAnotherEpochIsFenced() {
    Standby s = standby();
    Activation a = s.good();
    refused(
        s.walk(),
        Verb.ACTIVATION,
        new Activation(
            a.head(),
            a.instanceId(),
            a.epoch() + 1,
            a.gen(),
            a.keyset(),
            a.stateHead(),
            a.passport(),
            a.logHead(),
            a.essentials()),
        "FENCED");
  }

  @Test
  void aFailingKeyHookAfterTheCommitLeavesTheInstanceDead() {
    Standby s = standby();
    s.walk().app.failing = true;
    assertThat(s.walk().instance.obey(Verb.ACTIVATION, side.sign(s.good())))
        .isInstanceOf(Outcome.Refused.class);
    assertThat(s.walk().instance.state()).isEqualTo(State.DEAD);
  }

  @Test
  void anEarlyGrantAndAHalfGenesisAreRefused() {
    Walk walk = new Walk(side);
    Side.Operation one = Side.operation(1);
    Grant g = side.grant(one, walk.attest(one), Optional.empty());
    refused(
        walk,
        Verb.GRANT,
        new Grant(
            g.head(),
            g.instanceId(),
            true,
            g.coreDigest(),
            g.bodyId(),
            g.slots(),
            g.shares(),
            g.nextWrapKey(),
            g.nextEpoch(),
            g.logHead(),
            g.opening(),
            g.essentials()),
        "WRONG_STATE");
    refused(
        walk,
        Verb.GRANT,
        new Grant(
            g.head(),
            g.instanceId(),
            false,
            g.coreDigest(),
            Optional.of(Bytes.zeros(32)),
            g.slots(),
            g.shares(),
            g.nextWrapKey(),
            g.nextEpoch(),
            g.logHead(),
            g.opening(),
            g.essentials()),
        "BINDING_MISMATCH");
    walk.obey(Verb.GRANT, g);
  }

  @Test
  void aGrantBeforeAnyChallengeIsRefused() {
    Walk asked = new Walk(side);
    Side.Operation one = Side.operation(1);
    Grant grant = side.grant(one, asked.attest(one), Optional.empty());
    refused(new Walk(side), Verb.GRANT, grant, "BINDING_MISMATCH");
  }

  @Test
  void aStoreThatTheImageDoesNotNameFailsTheCandidate() {
    Side.Operation one = first.genesis();
    first.instance.stores().declare("unheard", 1);
    first.instance.stores().put("unheard", Cbor.of("k"), Cbor.of("v"));
    first.lock(one, two);
    Walk.Sealed<SealReceipt> sealed = first.seal();
    Walk second = Walk.granted(side, one, two, sealed);
    assertThat(second.restore(sealed.file())).isInstanceOf(Outcome.Refused.class);
    assertThat(second.instance.state()).isEqualTo(State.DEAD);
  }

  @Test
  void theSecondMeasuredKeyOfTheAuthorityCountsToo() {
    SigningKey next = SigningKey.generate(Randomness.system());
    Trust trust =
        new Trust(
            List.of(side.authority.verifyKey(), next.verifyKey()), Optional.empty(), Side.LINEAGE);
    try (Instance instance =
        new Instance(
            trust,
            new SoftDevice("this machine", Walk.MRENCLAVE),
            new Walk.App(),
            Randomness.system(),
            dev.reseal.sealed.Workers.caller(),
            new Traced()::stepped)) {
      Bytes cose = Signed.sign(side.challenge(Side.operation(1)), next).cose();
      assertThat(instance.obey(Verb.CHALLENGE, cose)).isInstanceOf(Outcome.Done.class);
    }
  }

  @Test
  void aReadyIsRepeatedByteForByteAndAFirstContainerIsWrittenOnce() throws java.io.IOException {
    Standby s = standby();
    assertThat(s.walk().instance.repeatReady()).isEqualTo(s.walk().instance.repeatReady());
    assertThat(s.walk().instance.firstContainer(java.io.OutputStream.nullOutputStream()))
        .isInstanceOf(Outcome.Refused.class);
  }

  @Test
  void secretsAreNotInWhatIsPrinted() {
    Standby s = standby();
    s.walk().obey(Verb.ACTIVATION, s.good());
    String secret = Bytes.ascii("generation 2").sha256().toHex();
    assertThat(side.keyset(2).toString()).doesNotContain(secret);
    assertThat(s.walk().instance.stores().records().toString()).doesNotContain("ada");
  }
}
