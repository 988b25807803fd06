package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.authority.EvidenceJudge.Verdict;
import dev.reseal.authority.Policy.PlatformRule;
import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Machine;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import dev.reseal.wire.WireError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Quotes of an emulated machine under policies that name it, restrict it, or do not. */
class DcapJudgeTest extends OnItsOwnWorld {
  private Instant now;

  @BeforeEach
  void make() {
    now = Instant.ofEpochMilli(world.clocks.wall);
  }

  private PlatformRule rule(Bytes... ids) {
    return new PlatformRule(2, world.machine.info().root(), Set.of(ids));
  }

  private Verdict judge(PlatformRule... rules) {
    return judge(new DcapJudge(home.resolve("platform/collateral")), now, rules);
  }

  private Verdict judge(DcapJudge judge, Instant at, PlatformRule... rules) {
    return judge.judge(quote(world.machine), policy("{}", rules), at);
  }

  private Verdict judge(DcapJudge judge, Instant at, String tcb) {
    return judge.judge(quote(world.machine), policy(tcb, rule()), at);
  }

  private Policy policy(String tcb, PlatformRule... rules) {
    Policy base = PolicyFile.parse(World.bytes(world.policy(""))).getFirst();
    JsonFields fields = JsonFields.of(StrictJson.parse(World.bytes("{\"tcb\": " + tcb + "}")), "");
    return new Policy(
        base.name(),
        base.essentials(),
        base.allowed(),
        List.of(rules),
        TcbFields.read(fields, List.of(rules)),
        base.operators(),
        base.supervisors(),
        base.approvals(),
        base.dials());
  }

  private DcapJudge remembering() {
    return new DcapJudge(
        home.resolve("platform/collateral"), SeenCollateral.in(home.resolve("seen")));
  }

  private Bytes quote(Machine machine) {
    return machine
        .quoting()
        .quote(world.identity().report(machine.cpu().tcb().cpuSvn(), Bytes.zeros(64)));
  }

  private static WireError refused(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Refused(WireError error) -> error;
      case Verdict.Genuine genuine -> throw new AssertionError("accepted: " + genuine);
    };
  }

  private void change(UnaryOperator<Machine> how) throws IOException {
    Machine.change(home.resolve("platform"), how);
  }

  @Test
  void aPlatformThatPolicyNamesIsGenuineAndItsKindIsTheRoots() {
    Verdict.Genuine genuine = (Verdict.Genuine) judge(rule());
    assertThat(genuine.platformKind()).isEqualTo(2);
    assertThat(genuine.platformId()).isEqualTo(world.machine.info().id());
    assertThat(genuine.relaxed()).isFalse();
    assertThat(judge(rule(world.machine.info().id()))).isInstanceOf(Verdict.Genuine.class);
  }

  @Test
  void anotherIdIsRefusedWithTheLineThatWouldAllowIt() {
    WireError error = refused(judge(rule(Bytes.zeros(32))));
    assertThat(error.code()).isEqualTo(Code.PLATFORM_REFUSED);
    assertThat(error.allow().orElseThrow()).contains(world.machine.info().id().toHex());
  }

  @Test
  void t31EmulatedEvidenceUnderAHardwarePolicyIsNamedAsSuch() {
    PlatformRule intel = new PlatformRule(1, TrustAnchors.INTEL_KEY, Set.of());
    assertThat(refused(judge(intel)).rule()).isEqualTo("emulated-root");
  }

  @Test
  void anEmulatedRootThatClaimsToBeSgxIsRefused() {
    PlatformRule lie = new PlatformRule(1, world.machine.info().root(), Set.of());
    assertThat(refused(judge(lie)).code()).isEqualTo(Code.PLATFORM_REFUSED);
  }

  @Test
  void aPlatformThatIsOutOfDateOrRevokedIsRefused() throws IOException {
    change(machine -> machine.recovering("EMULATED-SA-00001", now).standard(now));
    assertThat(refused(judge(rule())).rule()).isEqualTo("TCB");
    change(machine -> machine.revoked(now));
    assertThat(refused(judge(rule())).rule()).isEqualTo("pck-revoked");
  }

  private Path copied(String name) throws IOException {
    Path to = Files.createDirectories(home.resolve(name));
    copy(home.resolve("platform/collateral"), to);
    return to;
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.write(to.resolve(file.getFileName()), Files.readAllBytes(file));
      }
    }
  }

  @Test
  void olderCollateralThanSeenIsARollbackAlsoAfterARestart() throws IOException {
    Path old = copied("old");
    DcapJudge judge = remembering();
    Instant later = now.plus(Duration.ofDays(1));
    change(machine -> machine.reissued(later));
    assertThat(judge(judge, later.plusSeconds(5), rule())).isInstanceOf(Verdict.Genuine.class);
    copy(old, home.resolve("platform/collateral"));
    for (DcapJudge any : List.of(judge, remembering())) {
      assertThat(refused(judge(any, later.plusSeconds(5), rule())).code())
          .isEqualTo(Code.COLLATERAL_ROLLBACK);
    }
    assertThat(judge(new DcapJudge(home.resolve("platform/collateral")), later, rule()))
        .isInstanceOf(Verdict.Genuine.class);
  }

  @Test
  void collateralThatSpokeAgainstAPlatformIsNotForgottenEither() throws IOException {
    Path old = copied("old");
    change(machine -> machine.recovering("EMULATED-SA-00001", now).standard(now));
    assertThat(refused(judge(remembering(), now, rule())).rule()).isEqualTo("TCB");
    copy(old, home.resolve("platform/collateral"));
    assertThat(refused(judge(remembering(), now, rule())).code())
        .isEqualTo(Code.COLLATERAL_ROLLBACK);
  }

  @Test
  void aMemoryThatCannotBeReadStopsTheAuthority() throws IOException {
    for (String damaged :
        List.of("floor 00", "floor 00 x 0 0 2026-01-01T00:00:00Z", "member a b never", "?")) {
      Files.writeString(home.resolve("seen"), damaged + "\n");
      assertThatThrownBy(this::remembering)
          .as(damaged)
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("seen");
    }
  }

  @Test
  void theLineageSaysWhatIsGoodEnough() throws IOException {
    DcapJudge judge = new DcapJudge(home.resolve("platform/collateral"));
    assertThat(refused(judge(judge, now, "{\"statuses\": []}")).rule()).isEqualTo("TCB");
    assertThat(refused(judge(judge, now, "{\"least_evaluation_number\": 100000}")).rule())
        .isEqualTo("EVALUATION_NUMBER");
    assertThat(
            refused(judge(judge, now.plusSeconds(3600), "{\"max_collateral_age_s\": 60}")).rule())
        .isEqualTo("COLLATERAL_AGE");
    change(machine -> machine.recovering("EMULATED-SA-00001", now).standard(now));
    String outOfDate = "{\"statuses\": [\"UpToDate\", \"OutOfDate\"]%s}";
    Verdict.Genuine genuine = (Verdict.Genuine) judge(judge, now, outOfDate.formatted(""));
    assertThat(genuine.relaxed()).isTrue();
    WireError advisory = refused(judge(judge, now, outOfDate.formatted(", \"advisories\": {}")));
    assertThat(advisory.rule()).isEqualTo("ADVISORY");
    assertThat(advisory.allow().orElseThrow()).contains("EMULATED-SA-00001");
  }

  @Test
  void aPlatformThatWasAcceptedMayWaitForTheGraceOfThePolicy() throws IOException {
    String grace = "{\"grace_s\": 3600}";
    DcapJudge judge = remembering();
    judge.granted(policy(grace, rule()), judge(judge, now, grace), now);
    change(machine -> machine.recovering("EMULATED-SA-00001", now).standard(now));
    Verdict.Genuine graced = (Verdict.Genuine) judge(remembering(), now.plusSeconds(3599), grace);
    assertThat(graced.relaxed()).isTrue();
    judge.granted(policy(grace, rule()), graced, now.plusSeconds(3599));
    assertThat(refused(judge(remembering(), now.plusSeconds(3600), grace)).rule()).isEqualTo("TCB");
    assertThat(refused(judge(remembering(), now.plusSeconds(1), "{}")).rule()).isEqualTo("TCB");
    change(machine -> machine.revoked(now));
    assertThat(refused(judge(remembering(), now.plusSeconds(1), grace)).rule())
        .isEqualTo("pck-revoked");
  }

  @Test
  void aPlatformWhoseCandidatesWereAllRefusedMayNotWait() throws IOException {
    String file = world.policy(", \"tcb\": {\"grace_s\": 3600}");
    answer(world.applied(file));
    Bytes opId = world.begin(Kind.GENESIS, true);
    Bytes otherClaims = new Forger(world, opId).withOtherClaims();
    assertThat(refusal(world.service.post("grant-request", otherClaims)).rule())
        .isEqualTo("REPORTDATA");
    change(machine -> machine.recovering("EMULATED-SA-00001", now).standard(now));
    Bytes honest = world.attest(world.instance(), opId);
    assertThat(refusal(world.service.post("grant-request", honest)).rule()).isEqualTo("TCB");
  }

  @Test
  void withoutCollateralNothingIsJudged() {
    DcapJudge blind = new DcapJudge(home.resolve("nowhere"));
    assertThat(judge(blind, now, rule())).isInstanceOf(Verdict.Refused.class);
  }
}
