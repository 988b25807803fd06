package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.quote.P256;
import dev.reseal.quote.Reason;
import dev.reseal.quote.TcbStatus;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.quote.Verdict;
import dev.reseal.quote.Verifier;
import dev.reseal.sgx.PlatformKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The project's one verifier takes emulated evidence for what it is, and under its own root only.
 */
class VerdictTest {
  private static final Instant NOW = Instant.parse("2026-05-01T12:00:00Z");
  private static final Bytes DATA = Bytes.ascii("d".repeat(64));

  @TempDir private Path home;
  private Machine machine = Machine.make(PlatformIdentity.FIRST_FMSPC, NOW);

  @BeforeEach
  void makeMachine() throws IOException {
    machine = Machine.init(home.resolve("platform"), PlatformIdentity.FIRST_FMSPC, NOW);
  }

  private Verdict verdict(Machine from, String channel, TrustAnchors anchors, Instant at)
      throws IOException {
    from.publish(home.resolve("platform"));
    return judge(quote(from), channel, anchors, at);
  }

  private static Bytes quote(Machine from) {
    return from.quoting().quote(EvidenceTest.enclave(0).report(from.cpu().tcb().cpuSvn(), DATA));
  }

  private Verdict judge(Bytes quote, String channel, TrustAnchors anchors, Instant at)
      throws IOException {
    Map<Part, Bytes> parts = new EnumMap<>(Part.class);
    for (Part part : Part.values()) {
      Path file = home.resolve("platform").resolve(channel).resolve(part.fileName());
      parts.put(part, Bytes.wrap(Files.readAllBytes(file)));
    }
    return Verifier.of(P256.fastest(), anchors)
        .verify(quote, new dev.reseal.quote.Collateral(parts), at);
  }

  private Verdict verdict(Machine from, String channel) throws Exception {
    return verdict(from, channel, TrustAnchors.ofPem(from.rootPem()), NOW.plusSeconds(5));
  }

  private static Verdict.Trusted trusted(Verdict verdict, TcbStatus status) {
    assertThat(verdict).isInstanceOf(Verdict.Trusted.class);
    Verdict.Trusted trusted = (Verdict.Trusted) verdict;
    assertThat(trusted.status()).isEqualTo(status);
    return trusted;
  }

  private static void refused(Verdict verdict, Reason reason) {
    assertThat(verdict)
        .isInstanceOfSatisfying(
            Verdict.Refused.class,
            refused -> assertThat(refused.reason()).as(refused.detail()).isEqualTo(reason));
  }

  @Test
  void itIsTrustedAsEmulatedUnderItsOwnRoot() throws Exception {
    Verdict.Trusted trusted = trusted(verdict(machine, "collateral"), TcbStatus.UP_TO_DATE);
    assertThat(trusted.platform().kind()).isEqualTo(PlatformKind.EMULATED);
    assertThat(trusted.platform().id()).isEqualTo(machine.info().id());
    assertThat(trusted.platform().root()).isEqualTo(machine.info().root());
  }

  @Test
  void neitherIntelsRootNorAnotherMachinesTrustsIt() throws Exception {
    refused(
        verdict(machine, "collateral", TrustAnchors.INTEL, NOW.plusSeconds(5)),
        Reason.UNTRUSTED_ROOT);
    Machine other = Machine.make(PlatformIdentity.FIRST_FMSPC, NOW);
    TrustAnchors theirs = TrustAnchors.ofPem(other.rootPem());
    refused(verdict(machine, "collateral", theirs, NOW.plusSeconds(5)), Reason.UNTRUSTED_ROOT);
  }

  @Test
  void aRecoveryShowsOnTheEarlyChannelFirst() throws Exception {
    Machine recovering = machine.recovering("EMULATED-SA-00001", NOW);
    trusted(verdict(recovering, "collateral"), TcbStatus.UP_TO_DATE);
    Verdict.Trusted early = trusted(verdict(recovering, "collateral-early"), TcbStatus.OUT_OF_DATE);
    assertThat(early.advisories()).containsExactly("EMULATED-SA-00001");
    trusted(verdict(recovering.standard(NOW), "collateral"), TcbStatus.OUT_OF_DATE);
    Machine updated = recovering.standard(NOW).withMicrocode(6, NOW);
    trusted(verdict(updated, "collateral"), TcbStatus.UP_TO_DATE);
  }

  /** A fleet under one root: each family has its own collateral, and no other's fits. */
  @Test
  void platformsOfDifferentFamiliesAreJudgedEachByItsOwnCollateral() throws Exception {
    Machine other = machine.sibling(Bytes.hex("e0eeee000001"), NOW);
    TrustAnchors root = TrustAnchors.ofPem(machine.rootPem());
    Instant at = NOW.plusSeconds(5);
    Verdict.Trusted first = trusted(verdict(machine, "collateral", root, at), TcbStatus.UP_TO_DATE);
    Verdict.Trusted second = trusted(verdict(other, "collateral", root, at), TcbStatus.UP_TO_DATE);
    assertThat(second.platform().id()).isNotEqualTo(first.platform().id());
    assertThat(second.platform().root()).isEqualTo(first.platform().root());
    Machine recovered = machine.recovering("EMULATED-SA-00002", NOW).standard(NOW);
    trusted(verdict(recovered, "collateral", root, at), TcbStatus.OUT_OF_DATE);
    trusted(verdict(other, "collateral", root, at), TcbStatus.UP_TO_DATE);
    refused(judged(machine, other, root), Reason.TCB_INFO_MISMATCH);
    refused(judged(other, machine, root), Reason.TCB_INFO_MISMATCH);
  }

  /** A quote of one machine under the collateral of another. */
  private Verdict judged(Machine from, Machine collateralOf, TrustAnchors root) throws IOException {
    collateralOf.publish(home.resolve("platform"));
    return judge(quote(from), "collateral", root, NOW.plusSeconds(5));
  }

  @Test
  void aSwappedBoardIsAnotherPlatformOfTheSameFamily() throws Exception {
    Machine swapped = machine.sibling(machine.identity().fmspc(), NOW);
    TrustAnchors root = TrustAnchors.ofPem(machine.rootPem());
    Verdict.Trusted now =
        trusted(verdict(swapped, "collateral", root, NOW.plusSeconds(5)), TcbStatus.UP_TO_DATE);
    assertThat(now.platform().id()).isNotEqualTo(machine.info().id());
    trusted(verdict(machine.withOwnerEpoch(), "collateral"), TcbStatus.UP_TO_DATE);
  }

  @Test
  void aRevokedPckIsRefused() throws Exception {
    refused(verdict(machine.revoked(NOW), "collateral"), Reason.PCK_REVOKED);
  }

  @Test
  void collateralThatGrowsOldIsRefusedUntilItIsSignedAgain() throws Exception {
    Instant late = NOW.plus(Duration.ofDays(31));
    TrustAnchors own = TrustAnchors.ofPem(machine.rootPem());
    assertThat(verdict(machine, "collateral", own, late)).isInstanceOf(Verdict.Refused.class);
    trusted(verdict(machine.reissued(late), "collateral", own, late), TcbStatus.UP_TO_DATE);
  }
}
