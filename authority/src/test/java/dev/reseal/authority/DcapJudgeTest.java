package dev.reseal.authority;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.authority.EvidenceJudge.Verdict;
import dev.reseal.authority.Policy.PlatformRule;
import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Machine;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.wire.Code;
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
import org.junit.jupiter.api.io.TempDir;

/** Quotes of an emulated machine under policies that name it, restrict it, or do not. */
class DcapJudgeTest {
  @TempDir private Path home;
  private World world;
  private Instant now;

  @BeforeEach
  void make() {
    world = new World(home);
    now = Instant.ofEpochMilli(world.clocks.wall);
  }

  private PlatformRule rule(Bytes... ids) {
    return new PlatformRule(2, world.machine.info().root(), Set.of(ids));
  }

  private Verdict judge(PlatformRule... rules) {
    return judge(new DcapJudge(home.resolve("platform/collateral")), now, rules);
  }

  private Verdict judge(DcapJudge judge, Instant at, PlatformRule... rules) {
    return judge.judge(quote(world.machine), List.of(rules), at);
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

  @Test
  void olderCollateralThanSeenIsARollback() throws IOException {
    Path folder = home.resolve("platform/collateral");
    Path old = Files.createDirectories(home.resolve("old"));
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        World.copy(file, old.resolve(file.getFileName()));
      }
    }
    DcapJudge judge = new DcapJudge(folder);
    Instant later = now.plus(Duration.ofDays(1));
    change(machine -> machine.reissued(later));
    assertThat(judge(judge, later.plusSeconds(5), rule())).isInstanceOf(Verdict.Genuine.class);
    try (var files = Files.list(old)) {
      for (Path file : files.toList()) {
        World.copy(file, folder.resolve(file.getFileName()));
      }
    }
    assertThat(refused(judge(judge, later.plusSeconds(5), rule())).code())
        .isEqualTo(Code.COLLATERAL_ROLLBACK);
  }

  @Test
  void withoutCollateralNothingIsJudged() {
    DcapJudge blind = new DcapJudge(home.resolve("nowhere"));
    assertThat(judge(blind, now, rule())).isInstanceOf(Verdict.Refused.class);
  }
}
