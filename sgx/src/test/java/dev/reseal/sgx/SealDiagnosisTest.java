package dev.reseal.sgx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The table of what survives which change, with the causes, against a golden file. */
class SealDiagnosisTest {
  private static final Path GOLDEN = Path.of("src/test/resources/why.txt");
  private static final Bytes CPU = Bytes.hex("0b0b0202ff0100000000000000000000");
  private static final EnclaveIdentity OLD =
      new EnclaveIdentity(
          Bytes.hex("aa".repeat(32)),
          Bytes.hex("51".repeat(32)),
          new Attributes(Attributes.INIT | Attributes.MODE64BIT, 3),
          0,
          7,
          3,
          Bytes.zeros(64),
          0,
          Bytes.zeros(16),
          Bytes.zeros(16));
  private static final EnclaveIdentity KSS = attributes(OLD, OLD.attributes().with(Attributes.KSS));

  private record Case(EnclaveIdentity sealer, EnclaveIdentity opener, String platform, Bytes cpu) {}

  private static Map<String, Case> changes() {
    Map<String, Case> cases = new LinkedHashMap<>();
    cases.put("same signed file re-created", here(OLD, OLD));
    cases.put("code or heap changed, same signer", here(OLD, mrEnclave(OLD)));
    cases.put("code changed, ISVSVN raised", here(OLD, svn(mrEnclave(OLD), 4)));
    cases.put("same code, ISVSVN lowered", here(OLD, svn(OLD, 2)));
    cases.put("same code, other signer", here(OLD, signer(OLD)));
    cases.put("code and signer changed", here(OLD, signer(mrEnclave(OLD))));
    cases.put("same code, ISVPRODID changed", here(OLD, product(OLD)));
    cases.put(
        "production to debug", here(OLD, attributes(OLD, OLD.attributes().with(Attributes.DEBUG))));
    cases.put(
        "debug to production", here(attributes(OLD, OLD.attributes().with(Attributes.DEBUG)), OLD));
    cases.put("CONFIGID changed", here(KSS, config(KSS)));
    cases.put("other machine", new Case(OLD, OLD, "cpu-2", CPU));
    cases.put("microcode raised", new Case(OLD, OLD, "cpu-1", Bytes.hex("ff".repeat(16))));
    cases.put("microcode rolled back", new Case(OLD, OLD, "cpu-1", Bytes.zeros(16)));
    cases.put(
        "AVX-512 newly enabled",
        here(OLD, attributes(OLD, new Attributes(OLD.attributes().flags(), 0xe7))));
    return cases;
  }

  @Test
  void everyChangeHasItsVerdictAndCause() throws IOException {
    StringBuilder table = new StringBuilder();
    changes()
        .forEach((name, change) -> {
          table.append(name).append("\n----\n");
          line(table, "MRENCLAVE", change, KeyRequest.POLICY_MRENCLAVE);
          line(table, "MRSIGNER", change, KeyRequest.POLICY_MRSIGNER);
          if (change.sealer.kss()) {
            line(table, "SDK default with KSS", change, 0x3A);
            line(table, "NOISVPRODID", change, 0x2 | KeyRequest.POLICY_NOISVPRODID);
          }
          table.append('\n');
        });
    if (System.getProperty("rewrite") != null) {
      Files.writeString(GOLDEN, table);
    }
    assertThat(table.toString()).isEqualTo(Files.readString(GOLDEN));
  }

  @Test
  void withoutTheSealerNothingIsClaimed() {
    SealDiagnosis diagnosis =
        SealDiagnosis.of(
            request(KeyRequest.POLICY_MRSIGNER, OLD),
            new SealParty(OLD, Optional.empty(), Optional.empty()),
            Optional.empty());
    assertThat(diagnosis.outcome()).isEqualTo(SealDiagnosis.Outcome.UNDECIDED);
    assertThat(diagnosis.findings())
        .filteredOn(SealFinding.Unknown.class::isInstance)
        .extracting(SealFinding::input)
        .containsExactly(
            SealInput.MRSIGNER,
            SealInput.ISVPRODID,
            SealInput.CPUSVN,
            SealInput.DEBUG,
            SealInput.ATTRIBUTES,
            SealInput.MISCSELECT,
            SealInput.PLATFORM);
  }

  @Test
  void anSvnAboveTheOwnIsRefusedEvenIfNothingElseIsKnown() {
    SealDiagnosis diagnosis =
        SealDiagnosis.of(
            request(KeyRequest.POLICY_MRSIGNER, svn(OLD, 9)),
            new SealParty(OLD, Optional.empty(), Optional.empty()),
            Optional.empty());
    assertThat(diagnosis.outcome()).isEqualTo(SealDiagnosis.Outcome.DOES_NOT_OPEN);
  }

  @Test
  void aRequestThatNoProcessorAnswersIsNamed() {
    assertThat(first(new KeyRequest(1, 2, 3, CPU, Attributes.NONE, Bytes.zeros(32), 0, 0)))
        .isInstanceOfSatisfying(
            SealFinding.Refused.class, r -> assertThat(r.error()).isEqualTo("INVALID_KEYNAME"));
    assertThat(first(request(0x42, OLD)))
        .isInstanceOfSatisfying(
            SealFinding.Refused.class, r -> assertThat(r.remedy()).contains("reserved policy"));
    assertThat(first(request(0x3A, OLD)))
        .isInstanceOfSatisfying(
            SealFinding.Refused.class, r -> assertThat(r.asked()).contains("needs KSS"));
  }

  @Test
  void everyMaskedAttributeThatDiffersIsNamed() {
    KeyRequest all =
        new KeyRequest(
            KeyRequest.SEAL_KEY,
            KeyRequest.POLICY_MRSIGNER,
            3,
            CPU,
            new Attributes(-1, -1),
            Bytes.zeros(32),
            -1,
            0);
    EnclaveIdentity other =
        new EnclaveIdentity(
            OLD.mrEnclave(),
            OLD.mrSigner(),
            new Attributes(OLD.attributes().flags() | Attributes.AEXNOTIFY, 7),
            1,
            7,
            3,
            OLD.configId(),
            0,
            OLD.isvFamilyId(),
            OLD.isvExtProdId());
    SealDiagnosis diagnosis = diagnose(all, here(OLD, other));
    assertThat(diagnosis.findings())
        .filteredOn(SealFinding.Differs.class::isInstance)
        .extracting(SealFinding::input)
        .containsExactly(SealInput.ATTRIBUTES, SealInput.XFRM, SealInput.MISCSELECT);
  }

  @Test
  void everyInputIsLookedAtOnceAndInOrder() {
    for (int policy : new int[] {0, 1, 2, 3}) {
      assertThat(diagnose(request(policy, OLD), here(OLD, OLD)).findings())
          .extracting(SealFinding::input)
          .containsExactlyElementsOf(EnumSet.range(SealInput.REQUEST, SealInput.PLATFORM));
    }
    assertThat(diagnose(request(2 | KeyRequest.POLICY_NOISVPRODID, KSS), here(KSS, KSS)).findings())
        .contains(new SealFinding.Unbound(SealInput.ISVPRODID, "policy NOISVPRODID"));
  }

  @Test
  void familyProductAndConfigurationVersionCountUnderKss() {
    EnclaveIdentity sealer = kss(1, "0f", "0e");
    assertThat(causes(kss(1, "0d", "0e"), sealer)).containsExactly(SealInput.ISVFAMILYID);
    assertThat(causes(kss(1, "0f", "0d"), sealer)).containsExactly(SealInput.ISVEXTPRODID);
    assertThat(causes(kss(0, "0f", "0e"), sealer)).containsExactly(SealInput.CONFIGSVN);
    assertThat(causes(kss(2, "0f", "0e"), sealer)).isEmpty();
  }

  private static List<SealInput> causes(EnclaveIdentity opener, EnclaveIdentity sealer) {
    return diagnose(request(0x3A, sealer), here(sealer, opener)).findings().stream()
        .filter(f -> f instanceof SealFinding.Differs || f instanceof SealFinding.Refused)
        .map(SealFinding::input)
        .toList();
  }

  private static EnclaveIdentity kss(int configSvn, String family, String product) {
    return new EnclaveIdentity(
        KSS.mrEnclave(),
        KSS.mrSigner(),
        KSS.attributes(),
        0,
        7,
        3,
        KSS.configId(),
        configSvn,
        Bytes.hex(family.repeat(16)),
        Bytes.hex(product.repeat(16)));
  }

  private static SealFinding first(KeyRequest request) {
    return diagnose(request, here(OLD, OLD)).findings().getFirst();
  }

  private static void line(StringBuilder table, String policy, Case change, int bits) {
    SealDiagnosis diagnosis = diagnose(request(bits, change.sealer), change);
    table.append(policy).append(": ").append(diagnosis.outcome()).append('\n');
    for (SealFinding finding : diagnosis.findings()) {
      switch (finding) {
        case SealFinding.Differs differs ->
            table.append("  ").append(differs.input()).append(" differs\n");
        case SealFinding.Refused refused ->
            table.append(
                "  %s asks %s, own %s: %s\n"
                    .formatted(refused.input(), refused.asked(), refused.own(), refused.error()));
        case SealFinding.Unknown unknown -> throw new AssertionError(unknown);
        case SealFinding.Same _, SealFinding.Unbound _ -> {}
      }
    }
  }

  private static SealDiagnosis diagnose(KeyRequest request, Case change) {
    return SealDiagnosis.of(
        request,
        new SealParty(change.opener, Optional.of(change.platform), Optional.of(change.cpu)),
        Optional.of(new SealParty(change.sealer, Optional.of("cpu-1"), Optional.of(CPU))));
  }

  private static KeyRequest request(int policy, EnclaveIdentity sealer) {
    return new KeyRequest(
        KeyRequest.SEAL_KEY,
        policy,
        sealer.isvSvn(),
        CPU,
        new Attributes(0xFF0000000000000BL, 0),
        Bytes.zeros(32),
        0xF0000000,
        sealer.configSvn());
  }

  private static Case here(EnclaveIdentity sealer, EnclaveIdentity opener) {
    return new Case(sealer, opener, "cpu-1", CPU);
  }

  private static EnclaveIdentity mrEnclave(EnclaveIdentity of) {
    return with(
        of,
        Bytes.hex("bb".repeat(32)),
        of.mrSigner(),
        of.attributes(),
        7,
        of.isvSvn(),
        of.configId());
  }

  private static EnclaveIdentity signer(EnclaveIdentity of) {
    return with(
        of,
        of.mrEnclave(),
        Bytes.hex("52".repeat(32)),
        of.attributes(),
        7,
        of.isvSvn(),
        of.configId());
  }

  private static EnclaveIdentity svn(EnclaveIdentity of, int isvSvn) {
    return with(of, of.mrEnclave(), of.mrSigner(), of.attributes(), 7, isvSvn, of.configId());
  }

  private static EnclaveIdentity product(EnclaveIdentity of) {
    return with(of, of.mrEnclave(), of.mrSigner(), of.attributes(), 8, of.isvSvn(), of.configId());
  }

  private static EnclaveIdentity config(EnclaveIdentity of) {
    return with(
        of,
        of.mrEnclave(),
        of.mrSigner(),
        of.attributes(),
        7,
        of.isvSvn(),
        Bytes.hex("cc".repeat(64)));
  }

  private static EnclaveIdentity attributes(EnclaveIdentity of, Attributes attributes) {
    return with(of, of.mrEnclave(), of.mrSigner(), attributes, 7, of.isvSvn(), of.configId());
  }

  private static EnclaveIdentity with(
      EnclaveIdentity of,
      Bytes mrEnclave,
      Bytes mrSigner,
      Attributes attributes,
      int isvProdId,
      int isvSvn,
      Bytes configId) {
    return new EnclaveIdentity(
        mrEnclave,
        mrSigner,
        attributes,
        of.miscSelect(),
        isvProdId,
        isvSvn,
        configId,
        of.configSvn(),
        of.isvFamilyId(),
        of.isvExtProdId());
  }
}
