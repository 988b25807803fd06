package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.done;
import static dev.reseal.authority.World.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.authority.Operation.Granted;
import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Machine;
import dev.reseal.instance.Instance;
import dev.reseal.instance.Verb;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.wire.AuthorityMessage;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Code;
import dev.reseal.wire.Head;
import dev.reseal.wire.InstanceMessage;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Limits;
import dev.reseal.wire.Passport;
import dev.reseal.wire.Signed;
import dev.reseal.wire.WireError;
import java.io.IOException;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** From challenge over grant-request to ready: who becomes the instance of the next epoch. */
class CandidatesTest extends OnItsOwnWorld {
  @Test
  void challengesAreForTheOperationInFlight() {
    world.serving();
    Bytes call = Cbor.array(Cbor.of(World.LINEAGE), Cbor.of(Bytes.zeros(16))).encode();
    assertThat(refusal(world.service.post("challenge", call)).code()).isEqualTo(Code.WRONG_STATE);
    Head head = new Head(World.LINEAGE, Bytes.zeros(16), 0, 0);
    Bytes signed =
        Signed.sign(new AuthorityMessage.Abort(head, Bytes.zeros(32)), world.operator).cose();
    assertThat(world.service.post("abort", signed)).isEqualTo(new Reply.Unknown());
  }

  @Test
  void aNonceCountsOnceAndForAMinute() {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, false);
    Bytes slow = world.attest(world.instance(), opId);
    world.clocks.pass(60_001);
    assertThat(refusal(world.service.post("grant-request", slow)).rule()).isEqualTo("NONCE");
  }

  @Test
  void evidenceWithAKeyThatWasSwappedIsRefused() {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, false);
    Forger forger = new Forger(world, opId);
    assertThat(refusal(world.service.post("grant-request", forger.withOtherClaims())).rule())
        .isEqualTo("REPORTDATA");
  }

  @Test
  void t27EachRefusedEvidenceNamesItsRule() {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, false);
    assertThat(rule(with(world.identity(), Attributes.DEBUG, 2), opId)).isEqualTo("ATTRIBUTES");
    assertThat(rule(with(world.identity(), Attributes.PROVISIONKEY, 2), opId))
        .isEqualTo("ATTRIBUTES");
    assertThat(rule(with(world.identity(), 0, 1), opId)).isEqualTo("ISVSVN");
    EnclaveIdentity mine = world.identity();
    EnclaveIdentity other =
        new EnclaveIdentity(
            Bytes.ascii("other").sha256(),
            mine.mrSigner(),
            mine.attributes(),
            0,
            1,
            2,
            mine.configId(),
            0,
            mine.isvFamilyId(),
            mine.isvExtProdId());
    assertThat(rule(other, opId)).isEqualTo("MEASUREMENT_REFUSED");
    EnclaveIdentity configured =
        new EnclaveIdentity(
            mine.mrEnclave(),
            mine.mrSigner(),
            mine.attributes(),
            0,
            1,
            2,
            Bytes.hex("01".repeat(64)),
            0,
            mine.isvFamilyId(),
            mine.isvExtProdId());
    assertThat(rule(configured, opId)).isEqualTo("CONFIGID");
  }

  private String rule(EnclaveIdentity identity, Bytes opId) {
    Bytes request = world.attest(world.instance(identity), opId);
    return refusal(world.service.post("grant-request", request)).rule();
  }

  private static EnclaveIdentity with(EnclaveIdentity mine, long attribute, int svn) {
    return new EnclaveIdentity(
        mine.mrEnclave(),
        mine.mrSigner(),
        mine.attributes().with(attribute),
        0,
        1,
        svn,
        mine.configId(),
        0,
        mine.isvFamilyId(),
        mine.isvExtProdId());
  }

  @Test
  void anotherMachineIsNotAPlatformOfThisPolicy() {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, false);
    World elsewhere = new World(home.resolve("other"));
    Instance foreign = world.instance(elsewhere.machine, world.identity());
    assertThat(refusal(world.service.post("grant-request", world.attest(foreign, opId))).code())
        .isEqualTo(Code.PLATFORM_REFUSED);
  }

  @Test
  void candidatesBeyondTheLimitWait() {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, false);
    for (int i = 0; i < 8; i++) {
      answer(world.service.post("grant-request", world.attest(world.instance(), opId)));
    }
    Reply ninth = world.service.post("grant-request", world.attest(world.instance(), opId));
    assertThat(refusal(ninth).code()).isEqualTo(Code.SLOW_DOWN);
  }

  @Test
  void aFullListOfCandidatesIsWaitedForAndMakesRoomAfterAnHour() {
    Bytes opId = world.sealed(world.serving(), false);
    answer(world.service.post("grant-request", world.attest(world.instance(), opId)));
    Operation operation = world.stored().operation().orElseThrow();
    Granted one = operation.grants().getFirst();
    for (int i = 1; i < Limits.LIST; i++) {
      operation = operation.withGrant(new Granted(other(one.identity(), i), one.z(), one.atMs()));
    }
    Row row = world.stored();
    world.put(row.with(new Row.State.Sealed(row.incumbent(), operation)));
    Bytes early = world.attest(world.instance(), opId);
    world.clocks.pass(60_000);
    WireError slow = refusal(world.service.post("grant-request", early));
    assertThat(slow.code()).isEqualTo(Code.SLOW_DOWN);
    assertThat(slow.number()).contains(Granted.LIFE_MS + 1 - 60_000);
    world.clocks.pass(Granted.LIFE_MS);
    answer(world.service.post("grant-request", world.attest(world.instance(), opId)));
    assertThat(world.stored().operation().orElseThrow().grants()).hasSize(1);
  }

  private static Identity other(Identity one, int number) {
    return new Identity(
        Bytes.u32(number).sha256(),
        one.signatureKey(),
        one.kemKey(),
        one.tlsKeyDigest(),
        one.mrenclave(),
        one.isvProdId(),
        one.isvSvn(),
        one.platformKind(),
        one.platformId(),
        one.relaxed());
  }

  @Test
  void aCandidateIsActivatedUnderThePolicyOfTheCommit() {
    Bytes opId = world.sealed(world.serving(), false);
    Bytes ready = world.ready(world.instance(), opId);
    String narrow = ", \"attribute_mask\": \"01000000000000000300000000000000\"}";
    apply(world.policy("").replace("isvsvn\": 2}", "isvsvn\": 2" + narrow));
    assertThat(refusal(world.service.post("ready", ready)).rule()).isEqualTo("ATTRIBUTES");
    apply(world.policy(""));
    answer(world.service.post("ready", ready));
  }

  @Test
  void aPlatformThatFellBehindSinceTheGrantIsFlaggedInThePassport() throws IOException {
    apply(world.policy(", \"tcb\": {\"statuses\": [\"UpToDate\", \"OutOfDate\"]}"));
    Bytes opId = world.begin(Kind.GENESIS, true);
    Instance first = world.instance();
    Bytes ready = world.ready(first, opId);
    Instant now = Instant.ofEpochMilli(world.clocks.wall);
    Machine.change(
        home.resolve("platform"),
        state -> state.recovering("EMULATED-SA-00001", now).standard(now));
    done(first.obey(Verb.ACTIVATION, answer(world.service.post("ready", ready))));
    Passport passport = Signed.peek(Passport.class, first.passport().orElseThrow());
    assertThat(passport.flags() & Passport.FLAG_RELAXED_TCB).isNotZero();
  }

  private void apply(String policy) {
    answer(world.applied(policy));
  }

  @Test
  void aResealMovesTheStateToASuccessorWithANewGeneration() {
    Instance old = world.serving();
    Instance next = world.activate(world.sealed(old, true));
    assertThat(next.gen()).contains(2L);
    assertThat(world.status().operation().epoch()).isEqualTo(2);
    assertThat(world.status().active().orElseThrow().instanceId()).isEqualTo(next.instanceId());
    Passport passport =
        Signed.verify(Passport.class, next.passport().orElseThrow(), world.signer.verifyKey())
            .message();
    assertThat(passport.flags()).isEqualTo(Passport.FLAG_DEMO_POLICY);
  }

  @Test
  void t18ARepeatGivesTheSameBytesAndHasNoEffect() {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, true);
    Instance candidate = world.instance();
    Bytes ready = world.ready(candidate, opId);
    Bytes first = answer(world.service.post("ready", ready));
    long version = world.store.tail().seq();
    assertThat(answer(world.service.post("ready", ready))).isEqualTo(first);
    assertThat(answer(world.service.get("activation/" + World.LINEAGE + "/" + opId)))
        .isEqualTo(first);
    assertThat(world.store.tail().seq()).isEqualTo(version);
  }

  @Test
  void t3OnlyTheFirstOfTwoCandidatesIsActivated() {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, false);
    Bytes one = world.ready(world.instance(), opId);
    Bytes two = world.ready(world.instance(), opId);
    answer(world.service.post("ready", one));
    assertThat(refusal(world.service.post("ready", two)).code()).isEqualTo(Code.WRONG_STATE);
  }

  @Test
  void t33AReadyWithoutTheOpeningProofIsRefused() {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, false);
    Bytes honest = world.ready(world.instance(), opId);
    InstanceMessage.Ready told = Signed.peek(InstanceMessage.Ready.class, honest);
    assertThat(told.openingProof()).isPresent();
    // A forged candidate signs with its own key what it could not compute.
    Forger forger = new Forger(world, opId);
    answer(world.service.post("grant-request", forger.grantRequest()));
    assertThat(refusal(world.service.post("ready", forger.ready(told))).rule())
        .isEqualTo("OPENING_PROOF");
    assertThat(world.status().state()).isEqualTo("SEALED");
  }
}
