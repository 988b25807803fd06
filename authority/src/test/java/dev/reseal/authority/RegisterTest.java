package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Application;
import dev.reseal.instance.Instance;
import dev.reseal.instance.State;
import dev.reseal.instance.Stores;
import dev.reseal.instance.Trust;
import dev.reseal.instance.Verb;
import dev.reseal.sealed.Slot;
import dev.reseal.sealed.Workers;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.wire.Ask;
import dev.reseal.wire.AuthorityMessage;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Code;
import dev.reseal.wire.Head;
import dev.reseal.wire.InstanceMessage;
import dev.reseal.wire.Keyset;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Passport;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Target;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every event of protocol 7 with real instances, quotes and containers. */
class RegisterTest {
  @TempDir private Path home;
  private World world;

  @BeforeEach
  void make() {
    world = new World(home);
  }

  @Test
  void aLineageIsBornAndServes() {
    Instance first = world.serving();
    assertThat(first.state()).isEqualTo(State.SERVING);
    assertThat(world.status().state()).isEqualTo("ACTIVE");
    assertThat(world.status().operation().epoch()).isEqualTo(1);
    assertThat(world.status().policy().lowered())
        .containsExactly("life_ms=2000", "skew_ms=200", "rekey_grace_s=2");
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
  void t18TheSameOpIdWithAnotherPayloadIsRefused() {
    world.serving();
    Ask ask = world.ask(Kind.REKEY, true, Ask.NOTHING);
    answer(world.request(ask, world.operator));
    Ask other = new Ask(ask.head(), Kind.REKEY, Optional.empty(), List.of(), false, Ask.NOTHING);
    assertThat(refusal(world.request(other, world.operator)).code()).isEqualTo(Code.OP_CONFLICT);
  }

  @Test
  void t37ARequestAboutAnOlderRowIsFenced() {
    world.serving();
    Ask held = world.ask(Kind.RESEAL, true, Ask.NOTHING);
    world.begin(Kind.REKEY, true);
    assertThat(refusal(world.request(held, world.operator)).code()).isEqualTo(Code.FENCED);
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

  @Test
  void t9AReceiptOfAnAbortedOperationDoesNotCountForTheNext() {
    Instance old = world.serving();
    Ask ask = world.ask(Kind.RESEAL, true, Ask.NOTHING);
    Bytes ticket = answer(world.request(ask, world.operator));
    Bytes receipt = world.seal(old, ticket);
    Bytes abort = answer(world.request(world.ask(Kind.ABORT, false, Ask.NOTHING), world.operator));
    World.done(old.obey(Verb.ABORT, abort));
    assertThat(old.state()).isEqualTo(State.SERVING);
    world.begin(Kind.RESEAL, true);
    assertThat(refusal(world.service.post("seal-receipt", receipt)).rule())
        .isEqualTo("OTHER_OPERATION");
  }

  @Test
  void anAbortDestroysThePreparedKeysAndIsFoundAgainByItsOperation() {
    Instance old = world.serving();
    int before = world.keys.names().size();
    Bytes opId = world.sealed(old, true);
    assertThat(world.keys.names()).hasSize(before + 2);
    Bytes abort = answer(world.request(world.ask(Kind.ABORT, false, Ask.NOTHING), world.operator));
    assertThat(world.keys.names()).hasSize(before);
    assertThat(answer(world.service.get("abort/" + World.LINEAGE + "/" + opId))).isEqualTo(abort);
    World.done(old.obey(Verb.ABORT, abort));
    Instance next = world.activate(world.sealed(old, true));
    assertThat(next.gen()).contains(2L);
  }

  @Test
  void t25ATakeoverWaitsForBothClocks() {
    world.serving();
    Reply early = world.request(world.ask(Kind.TAKEOVER, false, Ask.NOTHING), world.supervisor);
    assertThat(refusal(early).code()).isEqualTo(Code.LEASE_RUNNING);
    assertThat(refusal(early).number().orElseThrow()).isPositive();
    // A wall clock that jumps ahead does not help: the monotonic clock has not moved.
    world.clocks.wall += 3_600_000;
    assertThat(
            refusal(world.request(world.ask(Kind.TAKEOVER, false, Ask.NOTHING), world.supervisor))
                .code())
        .isEqualTo(Code.LEASE_RUNNING);
    world.clocks.pass(2_401);
    world.begin(Kind.TAKEOVER, false);
    assertThat(world.status().state()).isEqualTo("SEALED");
  }

  @Test
  void aTakeoverRestoresTheHeadAndItsPassportSaysSo() {
    Instance killed = world.serving();
    world.checkpoint(killed);
    world.clocks.pass(2_500);
    Instance next = world.activate(world.begin(Kind.TAKEOVER, true));
    Passport passport =
        Signed.verify(Passport.class, next.passport().orElseThrow(), world.signer.verifyKey())
            .message();
    assertThat(passport.flags() & Passport.FLAG_TAKEOVER).isEqualTo(Passport.FLAG_TAKEOVER);
    assertThat(refusal(world.service.post("renew", world.renewal(killed))).rule())
        .isEqualTo("SIGNER");
  }

  @Test
  void aTakeoverReplacesASealedOperationWithItsPreparedGeneration() {
    Instance old = world.serving();
    Bytes stuck = world.sealed(old, true);
    Bytes late = world.ready(world.instance(), stuck);
    world.clocks.pass(2_500);
    Bytes opId = world.begin(Kind.TAKEOVER, true);
    assertThat(refusal(world.service.post("ready", late)).rule()).isEqualTo("OTHER_OPERATION");
    assertThat(world.activate(opId).gen()).contains(2L);
    assertThat(
            refusal(world.request(world.ask(Kind.ABORT, false, Ask.NOTHING), world.operator))
                .code())
        .isEqualTo(Code.WRONG_STATE);
  }

  @Test
  void t37ATakeoverReachesTheActiveMeasurementOnly() {
    world.serving();
    world.clocks.pass(2_500);
    Ask ask = world.ask(Kind.TAKEOVER, false, Ask.NOTHING);
    Target other =
        new Target(Bytes.ascii("other").sha256(), 1, 2, 2, Optional.of(world.machine.info().id()));
    Ask changed = new Ask(ask.head(), ask.kind(), ask.mode(), List.of(other), false, Ask.NOTHING);
    assertThat(refusal(world.request(changed, world.operator)).code())
        .isEqualTo(Code.MEASUREMENT_REFUSED);
  }

  @Test
  void t32ARekeyChangesNeitherHeadNorEpoch() {
    Instance active = world.serving();
    Bytes head = world.status().head().orElseThrow().bodyId();
    Ask ask = world.ask(Kind.REKEY, true, Ask.NOTHING);
    Bytes grant = answer(world.request(ask, world.operator));
    assertThat(world.status().operation().gen()).isEqualTo(2);
    assertThat(world.status().operation().epoch()).isEqualTo(1);
    assertThat(world.status().head().orElseThrow().bodyId()).isEqualTo(head);
    World.done(active.obey(Verb.REKEY_GRANT, grant));
    assertThat(active.gen()).contains(2L);
  }

  @Test
  void aGenerationThatIsNotInstalledIsTolerantWithinTheGraceOnly() {
    Instance active = world.serving();
    world.begin(Kind.REKEY, true);
    Passport lagging = renew(active);
    assertThat(lagging.flags() & Passport.FLAG_GENERATION_LAGGING).isNotZero();
    world.clocks.pass(2_001);
    assertThat(refusal(world.service.post("renew", world.renewal(active))).rule())
        .isEqualTo("REKEY_GRACE");
  }

  private Passport renew(Instance active) {
    Bytes passport = answer(world.service.post("renew", world.renewal(active)));
    World.done(active.obey(Verb.PASSPORT, passport));
    return Signed.verify(Passport.class, passport, world.signer.verifyKey()).message();
  }

  @Test
  void aRenewalAboutAnOlderPassportIsRefused() {
    Instance active = world.serving();
    Bytes hoarded = world.renewal(active);
    renew(active);
    assertThat(refusal(world.service.post("renew", hoarded)).rule()).isEqualTo("STALE_PASSPORT");
  }

  @Test
  void t17AfterRetireOldGrantsAndKeysAreGone() {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, false);
    Instance candidate = world.instance();
    Bytes request = world.attest(candidate, opId);
    Bytes grant = answer(world.service.post("grant-request", request));
    assertThat(answer(world.service.post("grant-request", request))).isEqualTo(grant);
    Instance next = world.activate(opId);
    assertThat(refusal(world.retireAll()).rule()).isEqualTo("HEAD_NOT_OURS");
    world.checkpoint(next);
    assertThat(world.status().retirable().wrapIds()).hasSize(1);
    Bytes retired = answer(world.retireAll());
    World.done(next.obey(Verb.RETIRED, retired));
    assertThat(world.status().retirable().wrapIds()).isEmpty();
    assertThat(world.keys.names().stream().filter(name -> name.startsWith("wrap/"))).hasSize(1);
    assertThat(refusal(world.service.post("grant-request", request)).code())
        .isEqualTo(Code.KEY_DESTROYED);
  }

  @Test
  void t12AKeyThatTheHeadNeedsIsNotRetired() {
    Instance active = world.serving();
    world.checkpoint(active);
    Bytes needed =
        Slot.decode(world.status().head().orElseThrow().slots()).getFirst().header().wrapId();
    Ask ask = world.ask(Kind.RETIRE, false, new Ask.Extra.Keys(List.of(needed), List.of()));
    assertThat(refusal(world.request(ask, world.operator)).rule()).isEqualTo("KEY_NEEDED");
    Ask gen = world.ask(Kind.RETIRE, false, new Ask.Extra.Keys(List.of(), List.of(1L)));
    assertThat(refusal(world.request(gen, world.operator)).rule()).isEqualTo("KEY_NEEDED");
  }

  @Test
  void aClosedLineageKeepsItsKeysUntilNoPassportIsValidAndIsNeverBornAgain() {
    world.serving();
    answer(world.request(world.ask(Kind.CLOSE, false, Ask.NOTHING), world.operator));
    assertThat(world.keys.names()).isNotEmpty();
    world.clocks.pass(2_500);
    assertThat(world.status().state()).isEqualTo("CLOSED");
    assertThat(world.keys.names()).isEmpty();
    Ask again =
        world.ask(Kind.POLICY, false, new Ask.Extra.PolicyFile(World.bytes(world.policy(""))));
    assertThat(refusal(world.request(again, world.operator)).code()).isEqualTo(Code.WRONG_STATE);
  }

  @Test
  void kindsOfLaterVersionsAreRefusedPlainly() {
    world.serving();
    for (Kind kind : List.of(Kind.UPGRADE, Kind.MIGRATE, Kind.RECOVER)) {
      assertThat(refusal(world.request(world.ask(kind, false, Ask.NOTHING), world.operator)).rule())
          .isEqualTo("NOT_IN_THIS_VERSION");
    }
  }

  @Test
  void everyVerbIsForThoseWhomPolicyNames() {
    world.serving();
    SigningKey stranger = SigningKey.generate(Randomness.system());
    for (Kind kind : List.of(Kind.RESEAL, Kind.TAKEOVER, Kind.REKEY, Kind.ABORT, Kind.CLOSE)) {
      assertThat(refusal(world.request(world.ask(kind, false, Ask.NOTHING), stranger)).rule())
          .isEqualTo("SIGNER");
      boolean listed = kind == Kind.TAKEOVER || kind == Kind.ABORT;
      String rule =
          refusal(
                  world.request(
                      world.ask(listed ? Kind.REKEY : kind, false, Ask.NOTHING), world.supervisor))
              .rule();
      assertThat(rule).isEqualTo("DENY verb=" + (listed ? "rekey" : kind.wireName()));
    }
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

  private String rule(EnclaveIdentity identity, Bytes opId) {
    Bytes request = world.attest(world.instance(identity), opId);
    return refusal(world.service.post("grant-request", request)).rule();
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
  void anotherMachineIsNotAPlatformOfThisPolicy() {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, false);
    World elsewhere = new World(home.resolve("other"));
    Instance foreign =
        new Instance(
            new Trust(List.of(world.signer.verifyKey()), Optional.empty(), World.LINEAGE),
            new MachineDevice(elsewhere.machine, world.identity()),
            plain(),
            Randomness.system(),
            Workers.caller());
    assertThat(refusal(world.service.post("grant-request", world.attest(foreign, opId))).code())
        .isEqualTo(Code.PLATFORM_REFUSED);
  }

  private static Application plain() {
    return new Application() {
      @Override
      public boolean understands(String name, long schemaVersion) {
        return true;
      }

      @Override
      public void restore(Stores stores) {}

      @Override
      public void onKey(Keyset keyset) {}
    };
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
  void anOnlinePassportHasTheNonceAndEndsWithTheNewest() {
    Instance active = world.serving();
    Passport newest = renew(active);
    Bytes nonce = Randomness.system().bytes(32);
    Bytes call = Cbor.array(Cbor.of(World.LINEAGE), Cbor.of(nonce)).encode();
    Passport online =
        Signed.verify(
                Passport.class,
                answer(world.service.post("passport", call)),
                world.signer.verifyKey())
            .message();
    assertThat(online.nonce()).contains(nonce);
    assertThat(online.notAfter()).isEqualTo(newest.notAfter());
    for (int i = 0; i < 10; i++) {
      answer(world.service.post("passport", call));
    }
    Passport cached =
        Signed.verify(
                Passport.class,
                answer(world.service.post("passport", call)),
                world.signer.verifyKey())
            .message();
    assertThat(cached.nonce()).isEmpty();
  }

  @Test
  void aClockThatStepsIssuesNothingUntilTheAuthorityIsStartedAgain() {
    Instance active = world.serving();
    world.clocks.wall += 60_000;
    assertThat(refusal(world.service.post("renew", world.renewal(active))).rule())
        .isEqualTo("CLOCK_STEP");
    world.restart();
    renew(active);
  }

  @Test
  void anUnknownLineageIsSaidToBeUnknown() {
    assertThat(refusal(world.service.get("status/" + World.LINEAGE)).code())
        .isEqualTo(Code.LINEAGE_MISMATCH);
    assertThat(refusal(world.service.get("named/nobody")).rule()).isEqualTo("UNKNOWN_LINEAGE");
    Ask ask = world.ask(Kind.GENESIS, true, Ask.NOTHING);
    assertThat(refusal(world.request(ask, world.operator)).rule()).isEqualTo("UNKNOWN_LINEAGE");
  }

  @Test
  void everyMutatedByteOfAReceiptIsRefusedWithoutAnEffect() {
    Instance old = world.serving();
    Ask ask = world.ask(Kind.RESEAL, true, Ask.NOTHING);
    Bytes receipt = world.seal(old, answer(world.request(ask, world.operator)));
    long before = world.store.tail().seq();
    for (int at = 0; at < receipt.size(); at += 7) {
      byte[] changed = receipt.toArray();
      changed[at] ^= 1;
      refusal(world.service.post("seal-receipt", Bytes.wrap(changed)));
    }
    assertThat(world.store.tail().seq()).isEqualTo(before);
    answer(world.service.post("seal-receipt", receipt));
  }

  @Test
  void t5TheHeadIsTheNewestBodyAndNeverAnOlderOne() {
    Instance active = world.serving();
    Bytes older = world.checkpointOf(active);
    Bytes newer = world.checkpointOf(active);
    answer(world.service.post("checkpoint", newer));
    assertThat(refusal(world.service.post("checkpoint", older)).code())
        .isEqualTo(Code.STALE_SEALED_STATE);
  }

  @Test
  void anInstanceOfAnotherEpochCannotCheckpoint() {
    Instance old = world.serving();
    Bytes kept = world.checkpointOf(old);
    world.activate(world.sealed(old, false));
    assertThat(refusal(world.service.post("checkpoint", kept)).rule()).isEqualTo("SIGNER");
  }

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
}
