package dev.reseal.quote;

import static dev.reseal.quote.AppraisalPolicyTest.appraised;
import static dev.reseal.quote.AppraisalPolicyTest.policy;
import static dev.reseal.quote.AppraisalPolicyTest.trusted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Emulated;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.PlatformKind;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a policy file may say: which platforms, which code, and nothing else. */
class PolicyFileTest {
  private static final Instant AT = TestPki.AT;

  private final Verdict.Trusted good = trusted(p -> {});

  /** The holder of an emulated root's key can issue certificates that do not say so. */
  @Test
  void aPinnedRootThatIsMarkedIsEmulatedWhateverTheQuoteLeavesOut() throws Exception {
    Verdict.Trusted stripped =
        trusted(p -> {
          CertSpec marked = CertSpec.authority(p.root.name, 1, 1);
          marked.key = p.root.key;
          marked.critical = Optional.of(Emulated.OID);
          p.trusted = Optional.of(marked);
        });
    Circumstances now = Circumstances.admission(TestPki.AT);
    assertThat(appraised(AppraisalPolicy.DEFAULT, stripped, now)).isEqualTo("emulated");
  }

  @Test
  void aRootPinnedByItsKeyAloneIsHardwareOnlyIfItIsIntels() {
    Bytes other = Bytes.ascii("other").sha256();
    assertThat(TrustAnchors.ofKeys(Set.of(TrustAnchors.INTEL_KEY, other)).kinds())
        .isEqualTo(Map.of(TrustAnchors.INTEL_KEY, PlatformKind.SGX, other, PlatformKind.EMULATED));
  }

  @Test
  void emulatedEvidenceNeedsItsKindAndRootByName() throws Exception {
    Verdict.Trusted emulated = trusted(p -> p.root.critical = Optional.of(Emulated.OID));
    Circumstances now = Circumstances.admission(AT);
    assertThat(appraised(AppraisalPolicy.DEFAULT, emulated, now)).isEqualTo("emulated");
    String rule = ",\"platforms\":[{\"kind\":\"emulated\",\"root_spki_sha256\":\"%s\"}]";
    assertThat(appraised(policy(rule.formatted(emulated.platform().root())), emulated, now))
        .isEqualTo("accepted");
    String hardware = rule.replace("emulated", "sgx").formatted(emulated.platform().root());
    assertThat(appraised(policy(hardware), emulated, now)).isEqualTo("emulated");
    assertThat(appraised(policy(rule.formatted("00".repeat(32))), emulated, now))
        .isEqualTo("emulated");
    assertThat(appraised(policy(rule.formatted(good.platform().root())), good, now))
        .isEqualTo("platform");
    assertThatThrownBy(() -> policy(",\"platforms\":[{\"kind\":\"emulated\"}]"))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void platformsAreAllowedByKindRootAndId() throws Exception {
    Circumstances now = Circumstances.admission(AT);
    String id = "{\"kind\":\"sgx\",\"ids\":[\"%s\"]}";
    assertThat(appraised(policy(",\"platforms\":[]"), good, now)).isEqualTo("platform");
    assertThat(appraised(policy(",\"platforms\":[{\"kind\":\"sgx\"}]"), good, now))
        .isEqualTo("accepted");
    assertThat(
            appraised(
                policy(",\"platforms\":[%s]".formatted(id.formatted(good.platform().id()))),
                good,
                now))
        .isEqualTo("accepted");
    assertThat(
            appraised(
                policy(",\"platforms\":[%s]".formatted(id.formatted("00".repeat(32)))), good, now))
        .isEqualTo("platform");
  }

  @Test
  void codeIsAllowedByMeasurementOrBySignerWithProductAndLeastVersion() throws Exception {
    Circumstances now = Circumstances.admission(AT);
    String enclave =
        ",\"measurements\":[{\"mrenclave\":\"%s\",\"isvprodid\":%d,\"least_isvsvn\":%d}]";
    String signer = enclave.replace("mrenclave", "mrsigner");
    Bytes m = Bytes.ascii("m").sha256();
    Bytes s = Bytes.ascii("s").sha256();
    assertThat(appraised(policy(",\"measurements\":[]"), good, now)).isEqualTo("measurement");
    assertThat(appraised(policy(enclave.formatted(m, 1, 2)), good, now)).isEqualTo("accepted");
    assertThat(appraised(policy(enclave.formatted(s, 1, 2)), good, now)).isEqualTo("measurement");
    assertThat(appraised(policy(enclave.formatted(m, 2, 2)), good, now)).isEqualTo("measurement");
    assertThat(appraised(policy(enclave.formatted(m, 1, 3)), good, now)).isEqualTo("measurement");
    assertThat(appraised(policy(signer.formatted(s, 1, 1)), good, now)).isEqualTo("accepted");
    assertThat(appraised(policy(signer.formatted(m, 1, 1)), good, now)).isEqualTo("measurement");
    assertThat(appraised(policy(signer.formatted(s, 2, 1)), good, now)).isEqualTo("measurement");
    assertThat(appraised(policy(signer.formatted(s, 1, 3)), good, now)).isEqualTo("measurement");
    String td = ",\"measurements\":[{\"mrtd\":\"%s\"}]";
    Bytes mrTd = Bytes.concat(Bytes.ascii("td").sha256(), Bytes.zeros(16));
    Verdict.Trusted domain = trusted(p -> p.tdx(4));
    assertThat(appraised(policy(td.formatted(mrTd)), domain, now)).isEqualTo("accepted");
    assertThat(appraised(policy(td.formatted("00".repeat(48))), domain, now))
        .isEqualTo("measurement");
    assertThat(appraised(policy(td.formatted(mrTd)), good, now)).isEqualTo("measurement");
    assertThat(appraised(policy(enclave.formatted(m, 1, 2)), domain, now)).isEqualTo("measurement");
    assertThat(appraised(policy(signer.formatted(s, 1, 1)), domain, now)).isEqualTo("measurement");
  }

  private static String measurement(String members) {
    return "{\"version\":1,\"statuses\":[],\"measurements\":[{%s}]}".formatted(members);
  }

  @Test
  void aPolicyFileIsStrict() {
    for (String bad :
        List.of(
            "{}",
            "{\"version\":1}",
            "{\"version\":2,\"statuses\":[]}",
            "{\"version\":1,\"statuses\":[\"Revoked\"]}",
            "{\"version\":1,\"statuses\":[\"Fine\"]}",
            "{\"version\":1,\"statuses\":[],\"allow_debug\":true}",
            "{\"version\":1,\"statuses\":[],\"statuses\":[\"UpToDate\"]}",
            "{\"version\":1,\"statuses\":[],\"platforms\":[{\"kind\":\"other\"}]}",
            "{\"version\":1,\"statuses\":[],\"platforms\":[1]}",
            "{\"version\":1,\"statuses\":[],\"platforms\":[{\"kind\":\"sgx\",\"ids\":[\"%s\"]}]}"
                .formatted("00".repeat(31)),
            "{\"version\":1,\"statuses\":[],\"measurements\":[{\"mrsigner\":\"00\"}]}",
            "{\"version\":1,\"statuses\":[],\"platforms\":[{\"kind\":\"sgx\",\"id\":\"00\"}]}",
            measurement("\"mrtd\":\"%s\",\"least_isvsvn\":1".formatted("00".repeat(48))),
            measurement(
                "\"mrsigner\":\"%s\",\"isvprodid\":1,\"least_isvsvn\":1,\"mrenclave\":\"%s\""
                    .formatted("00".repeat(32), "00".repeat(32))),
            "{\"version\":1,\"statuses\":[],\"advisories\":{\"A\":\"soon\"}}",
            "[]")) {
      assertThatThrownBy(() -> PolicyFile.parse(Bytes.ascii(bad)))
          .as(bad)
          .isInstanceOf(MalformedException.class);
    }
    assertThatThrownBy(() ->
            new AppraisalPolicy(
                java.util.Set.of(TcbStatus.REVOKED),
                Optional.empty(),
                0,
                Optional.empty(),
                Duration.ZERO,
                Optional.empty(),
                Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
