package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.fixtures.Checkout;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.Emulated;
import dev.reseal.sgx.EnclaveIdentity;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Quotes and collateral of an emulated machine, judged by code that shares nothing with it. */
class EvidenceTest {
  private static final Instant NOW = Instant.parse("2026-05-01T12:00:00Z");

  @TempDir private Path home;

  static EnclaveIdentity enclave(long attributes) {
    return new EnclaveIdentity(
        Bytes.ascii("m").sha256(),
        Bytes.ascii("s").sha256(),
        new Attributes(Attributes.INIT | Attributes.MODE64BIT | attributes, 3),
        0,
        1,
        2,
        Bytes.zeros(64),
        0,
        Bytes.zeros(16),
        Bytes.zeros(16));
  }

  private static Bytes quote(Machine machine) {
    return machine
        .quoting()
        .quote(enclave(0).report(machine.cpu().tcb().cpuSvn(), Bytes.zeros(64)));
  }

  @Test
  void anIndependentVerifierAcceptsQuoteAndCollateralUnderThisRootOnly() throws Exception {
    Machine machine = Machine.init(home.resolve("platform"), PlatformIdentity.FIRST_FMSPC, NOW);
    String point = "04" + Keys.point(machine.chain().root().getPublic()).toHex();
    Instant later = NOW.plus(Duration.ofDays(1));
    assertThat(oracle(machine, later, Optional.of(point))).contains("status: UpToDate");
    assertThat(oracle(machine, later, Optional.empty())).contains("refused:", "not our root");
  }

  @Test
  void aTcbRecoveryMakesThePlatformOutOfDateForThatVerifier() throws Exception {
    Machine machine =
        Machine.init(home.resolve("platform"), PlatformIdentity.FIRST_FMSPC, NOW)
            .recovering("EMULATED-SA-00001", NOW);
    String point = "04" + Keys.point(machine.chain().root().getPublic()).toHex();
    assertThat(oracle(machine, NOW, Optional.of(point))).contains("status: UpToDate");
    assertThat(Files.readString(home.resolve("platform/collateral-early/tcb_info.json")))
        .contains("OutOfDate", "EMULATED-SA-00001", "\"tcbEvaluationDataNumber\":2");
    Machine standard = machine.standard(NOW);
    assertThat(oracle(standard, NOW, Optional.of(point))).contains("status: OutOfDate");
    Machine updated = standard.withMicrocode(machine.cpu().tcb().microcode() + 1, NOW);
    assertThat(oracle(updated, NOW, Optional.of(point))).contains("status: UpToDate");
  }

  @Test
  void aRevokedPckIsRefusedByThatVerifier() throws Exception {
    Machine machine =
        Machine.init(home.resolve("platform"), PlatformIdentity.FIRST_FMSPC, NOW).revoked(NOW);
    machine.publish(home.resolve("platform"));
    String point = "04" + Keys.point(machine.chain().root().getPublic()).toHex();
    assertThat(oracle(machine, NOW, Optional.of(point))).contains("refused:", "revoked");
  }

  @Test
  void collateralThatHasExpiredIsRefusedByThatVerifier() throws Exception {
    Machine machine = Machine.init(home.resolve("platform"), PlatformIdentity.FIRST_FMSPC, NOW);
    String point = "04" + Keys.point(machine.chain().root().getPublic()).toHex();
    Instant late = NOW.plus(Collateral.LIFE).plusSeconds(60);
    assertThat(oracle(machine, late, Optional.of(point))).contains("refused:");
    assertThat(oracle(machine.reissued(late), late, Optional.of(point)))
        .contains("status: UpToDate");
  }

  @Test
  void collateralOfAnotherFamilyDoesNotFitThisMachine() throws Exception {
    Machine machine = Machine.init(home.resolve("platform"), PlatformIdentity.FIRST_FMSPC, NOW);
    PlatformIdentity id = machine.identity();
    PlatformIdentity family =
        new PlatformIdentity(
            id.ppid(), id.instanceId(), Bytes.hex("e1eeee000000"), id.pceId(), id.tcb());
    Machine other =
        new Machine(
            machine.cpu(), family, machine.chain(), machine.judgement(), machine.early(), 1, NOW);
    String point = "04" + Keys.point(machine.chain().root().getPublic()).toHex();
    assertThat(oracle(other, NOW, Optional.of(point))).contains("refused:");
  }

  @Test
  void everyCertificateSaysEmulatedInNameAndCriticalExtension() throws Exception {
    Machine machine = Machine.make(PlatformIdentity.FIRST_FMSPC, NOW);
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    Chain chain = machine.chain();
    for (Bytes der :
        List.of(chain.rootDer(), chain.authorityDer(), chain.pckDer(), chain.tcbDer())) {
      X509Certificate certificate =
          (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der.toArray()));
      assertThat(certificate.getCriticalExtensionOIDs()).contains(Emulated.OID);
      assertThat(Emulated.named(certificate.getSubjectX500Principal().getName())).isTrue();
    }
  }

  @Test
  void twoMachinesShareNoRootAndNoKey() {
    Machine one = Machine.make(PlatformIdentity.FIRST_FMSPC, NOW);
    Machine two = Machine.make(PlatformIdentity.FIRST_FMSPC, NOW);
    assertThat(one.info().root()).isNotEqualTo(two.info().root());
    assertThat(one.info().id()).isNotEqualTo(two.info().id());
    assertThat(one.cpu().fuses().matches(two.cpu().fuses())).isFalse();
  }

  @Test
  void aMachineIsReadBackAsItWasWritten() throws IOException {
    Machine made = Machine.init(home.resolve("platform"), PlatformIdentity.FIRST_FMSPC, NOW);
    Machine read = Machine.open(home.resolve("platform"), NOW.plusSeconds(60));
    assertThat(read.info()).isEqualTo(made.info());
    assertThat(read.identity()).isEqualTo(made.identity());
    assertThat(read.judgement()).isEqualTo(made.judgement());
    assertThat(read.cpu().fuses().matches(made.cpu().fuses())).isTrue();
    assertThat(read.issued()).isEqualTo(made.issued());
  }

  @Test
  void oldCollateralIsSignedAgainAtTheNextStart() throws IOException {
    Machine.init(home.resolve("platform"), PlatformIdentity.FIRST_FMSPC, NOW);
    Instant later = NOW.plus(Machine.REISSUE_AFTER).plusSeconds(1);
    assertThat(Machine.open(home.resolve("platform"), later).issued()).isEqualTo(later);
    assertThat(Files.readString(home.resolve("platform/collateral/tcb_info.json")))
        .contains("\"issueDate\":\"" + later + "\"");
  }

  @Test
  void whatIsPublishedStaysUntilItIsLostOrTheMachineIsAnother() throws IOException {
    Path platform = home.resolve("platform");
    Machine.init(platform, PlatformIdentity.FIRST_FMSPC, NOW);
    Path early = platform.resolve("collateral-early/tcb_info.json");
    String first = Files.readString(early);
    Machine.open(platform, NOW.plusSeconds(60));
    assertThat(early).content().isEqualTo(first);
    Files.delete(early);
    Machine.open(platform, NOW.plusSeconds(60));
    assertThat(early).exists();
    MachineFile.write(platform, Machine.read(platform).recovering("A-1", NOW.plusSeconds(120)));
    Machine.open(platform, NOW.plusSeconds(180)); // a crash came before it was published
    assertThat(early).content().contains("A-1");
  }

  private String oracle(Machine machine, Instant now, Optional<String> root) throws Exception {
    Path script = oracles().resolve("quote.py");
    Path bundle = Files.createDirectories(home.resolve("bundle"));
    machine.publish(home.resolve("platform"));
    Files.write(bundle.resolve("quote.bin"), quote(machine).toArray());
    Files.writeString(
        bundle.resolve("collateral.json"), bundle(home.resolve("platform/collateral")));
    List<String> command =
        new java.util.ArrayList<>(
            List.of(
                "python3",
                script.toString(),
                bundle.toString(),
                "--now",
                Long.toString(now.getEpochSecond() + 1)));
    root.ifPresent(point -> command.addAll(List.of("--root", point)));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  /** The shared material lies beside the repository; without it these tests are skipped, aloud. */
  private static Path oracles() {
    String named = System.getenv("RESEAL_SHARED");
    Path shared = named == null ? Checkout.file("../shared") : Path.of(named);
    Path oracles = shared.resolve("oracles");
    Assumptions.assumeTrue(
        Files.exists(oracles.resolve("quote.py")),
        "no independent verifier at " + oracles + "; set RESEAL_SHARED to run this test");
    return oracles;
  }

  private static String bundle(Path collateral) throws IOException {
    StringBuilder out = new StringBuilder("{");
    for (String chain :
        List.of("pck_crl_issuer_chain", "tcb_info_issuer_chain", "qe_identity_issuer_chain")) {
      String pem = Files.readString(collateral.resolve(chain + ".pem")).replace("\n", "\\n");
      out.append("\"%s\":\"%s\",".formatted(chain, pem));
    }
    for (String crl : List.of("root_ca_crl", "pck_crl")) {
      Bytes der = Bytes.wrap(Files.readAllBytes(collateral.resolve(crl + ".der")));
      out.append("\"%s\":\"%s\",".formatted(crl, der.toHex()));
    }
    for (String json : List.of("tcb_info", "qe_identity")) {
      String text = Files.readString(collateral.resolve(json + ".json"));
      String inner = text.substring(text.indexOf(':') + 1, text.lastIndexOf(",\"signature\""));
      String signature = text.substring(text.length() - 130, text.length() - 2);
      out.append("\"%s\":\"%s\",".formatted(json, inner.replace("\"", "\\\"")));
      out.append("\"%s_signature\":\"%s\",".formatted(json, signature));
    }
    return out.deleteCharAt(out.length() - 1).append('}').toString();
  }
}
