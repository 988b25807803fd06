package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.platform.Device.KeyError;
import dev.reseal.platform.Device.KeyResult;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.SealDiagnosis;
import dev.reseal.sgx.SealParty;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** EGETKEY and EREPORT: what changes a key, what does not, and what is refused (SDM volume 3D). */
class CpuTest {
  private static final Tcb TCB = new Tcb(Bytes.hex("05000000000000000000000000000000"), 1);
  private static final Cpu CPU = cpu(Bytes.ascii("0123456789abcdef"), Bytes.zeros(16), TCB);
  private static final EnclaveIdentity SELF = self(0, Bytes.ascii("m").sha256(), 1, 5, 0);
  private static final int BOTH = KeyRequest.POLICY_MRENCLAVE | KeyRequest.POLICY_MRSIGNER;

  private static Cpu cpu(Bytes fuses, Bytes epoch, Tcb tcb) {
    return new Cpu(Secret.own(fuses.toArray()), epoch, Bytes.zeros(32), tcb);
  }

  private static EnclaveIdentity self(
      long flags, Bytes mrEnclave, int product, int svn, int config) {
    return new EnclaveIdentity(
        mrEnclave,
        Bytes.ascii("signer").sha256(),
        new Attributes(Attributes.INIT | Attributes.MODE64BIT | flags, 3),
        0,
        product,
        svn,
        Bytes.concat(Bytes.u64(config), Bytes.zeros(56)),
        config,
        Bytes.concat(Bytes.u64(config), Bytes.zeros(8)),
        Bytes.concat(Bytes.zeros(8), Bytes.u64(config)));
  }

  private static KeyRequest request(int name, int policy, int svn, Bytes cpuSvn, Bytes keyId) {
    return new KeyRequest(
        name, policy, svn, cpuSvn, new Attributes(0xFF0000000000000BL, 0), keyId, 0, 0);
  }

  private static KeyRequest seal(int policy) {
    return request(KeyRequest.SEAL_KEY, policy, 5, TCB.cpuSvn(), Bytes.zeros(32));
  }

  private static Bytes key(Cpu cpu, EnclaveIdentity self, KeyRequest request) {
    assertThat(cpu.egetkey(self, request)).isInstanceOf(KeyResult.Key.class);
    return ((KeyResult.Key) cpu.egetkey(self, request)).key().use(Bytes::of);
  }

  private static void assertRefused(EnclaveIdentity self, KeyRequest request, KeyError error) {
    assertThat(CPU.egetkey(self, request)).isEqualTo(new KeyResult.Failed(error));
  }

  @Test
  void everyInputOfTheKeyChangesItAndNoTwoMeet() {
    Map<String, Bytes> keys = new LinkedHashMap<>();
    keys.put("base", key(CPU, SELF, seal(BOTH)));
    keys.put("fuses", key(cpu(Bytes.zeros(16), Bytes.zeros(16), TCB), SELF, seal(BOTH)));
    keys.put(
        "owner epoch",
        key(
            cpu(Bytes.ascii("0123456789abcdef"), Bytes.ascii("e".repeat(16)), TCB),
            SELF,
            seal(BOTH)));
    keys.put("mrenclave", key(CPU, self(0, Bytes.zeros(32), 1, 5, 0), seal(BOTH)));
    keys.put("product", key(CPU, self(0, SELF.mrEnclave(), 2, 5, 0), seal(BOTH)));
    keys.put("debug", key(CPU, self(Attributes.DEBUG, SELF.mrEnclave(), 1, 5, 0), seal(BOTH)));
    keys.put("policy enclave", key(CPU, SELF, seal(KeyRequest.POLICY_MRENCLAVE)));
    keys.put("policy signer", key(CPU, SELF, seal(KeyRequest.POLICY_MRSIGNER)));
    keys.put("svn", key(CPU, SELF, request(4, BOTH, 4, TCB.cpuSvn(), Bytes.zeros(32))));
    keys.put("cpusvn", key(CPU, SELF, request(4, BOTH, 5, Bytes.zeros(16), Bytes.zeros(32))));
    keys.put(
        "key id", key(CPU, SELF, request(4, BOTH, 5, TCB.cpuSvn(), Bytes.ascii("k").sha256())));
    keys.put("report", key(CPU, SELF, request(3, 0, 0, Bytes.zeros(16), Bytes.zeros(32))));
    assertThat(keys.values()).doesNotHaveDuplicates();
  }

  /** Computed apart, from the layout of Intel's simulator, with another AES-CMAC. */
  @Test
  void theDerivationIsTheOneThatIsWrittenDown() {
    assertThat(key(CPU, SELF, seal(BOTH))).hasToString("19bfddd8016e98062674660f41ab8e4a");
    assertThat(key(CPU, SELF, request(3, 0, 0, Bytes.zeros(16), Bytes.zeros(32))))
        .hasToString("d5ac03ec5c0d49d8fdd4e9197306a9c8");
  }

  @Test
  void underTheEnclavePolicyTheSignerDoesNotCountAndUnderTheSignersTheEnclaveDoesNot() {
    EnclaveIdentity other = self(0, Bytes.zeros(32), 1, 5, 0);
    KeyRequest signer = seal(KeyRequest.POLICY_MRSIGNER);
    assertThat(key(CPU, other, signer)).isEqualTo(key(CPU, SELF, signer));
  }

  @Test
  void anOldRequestStillWorksAfterAMicrocodeUpdateAndNotAfterARollback() {
    Bytes before = key(CPU, SELF, seal(BOTH));
    Cpu updated = CPU.at(TCB.withMicrocode(9));
    assertThat(key(updated, SELF, seal(BOTH))).isEqualTo(before);
    KeyRequest newer = request(4, BOTH, 5, TCB.withMicrocode(9).cpuSvn(), Bytes.zeros(32));
    assertThat(key(updated, SELF, newer)).isNotEqualTo(before);
    assertRefused(SELF, newer, KeyError.INVALID_CPUSVN);
    assertThat(CPU.at(TCB.withMicrocode(4)).egetkey(SELF, seal(BOTH)))
        .isEqualTo(new KeyResult.Failed(KeyError.INVALID_CPUSVN));
  }

  @Test
  void aHigherSvnThanOnesOwnIsRefusedAndALowerOneIsNot() {
    assertRefused(
        SELF, request(4, BOTH, 6, TCB.cpuSvn(), Bytes.zeros(32)), KeyError.INVALID_ISVSVN);
    EnclaveIdentity upgraded = self(0, SELF.mrEnclave(), 1, 9, 0);
    assertThat(key(CPU, upgraded, seal(BOTH))).isEqualTo(key(CPU, SELF, seal(BOTH)));
  }

  @Test
  void namesAndPoliciesThatDoNotExistAreRefused() {
    assertRefused(
        SELF, request(9, 1, 0, Bytes.zeros(16), Bytes.zeros(32)), KeyError.INVALID_KEYNAME);
    for (int name : List.of(0, 1, 2)) {
      assertRefused(
          SELF, request(name, 1, 0, Bytes.zeros(16), Bytes.zeros(32)), KeyError.INVALID_ATTRIBUTE);
    }
    assertRefused(SELF, seal(0x41), KeyError.INVALID_ATTRIBUTE);
  }

  @Test
  void kssPoliciesNeedKssAndThenBindWhatTheyName() {
    for (int policy : List.of(4, 8, 0x10, 0x20)) {
      assertRefused(SELF, seal(BOTH | policy), KeyError.INVALID_ATTRIBUTE);
    }
    EnclaveIdentity one = self(Attributes.KSS, SELF.mrEnclave(), 1, 5, 1);
    EnclaveIdentity two = self(Attributes.KSS, SELF.mrEnclave(), 1, 5, 2);
    assertThat(key(CPU, one, seal(BOTH))).isEqualTo(key(CPU, two, seal(BOTH)));
    List<Bytes> keys = new ArrayList<>();
    for (int policy : List.of(8, 0x10, 0x20)) {
      keys.add(key(CPU, one, seal(BOTH | policy)));
      keys.add(key(CPU, two, seal(BOTH | policy)));
    }
    assertThat(keys).doesNotHaveDuplicates();
    EnclaveIdentity product = self(Attributes.KSS, SELF.mrEnclave(), 2, 5, 1);
    assertThat(key(CPU, product, seal(BOTH | 4))).isEqualTo(key(CPU, one, seal(BOTH | 4)));
  }

  /** What {@code reseal why} says of an enclave is what the processor then does with it. */
  @Test
  void theDiagnosisOfASealSaysOfEveryPolicyWhatTheProcessorDoes() {
    for (int policy = 0; policy <= 0x7F; policy++) {
      for (long flags : List.of(0L, Attributes.KSS)) {
        for (int svn : List.of(4, 5, 6)) {
          for (int config : List.of(0, 1, 2)) {
            EnclaveIdentity opener = self(flags, SELF.mrEnclave(), 1, 5, 1);
            KeyRequest asked =
                new KeyRequest(
                    KeyRequest.SEAL_KEY,
                    policy,
                    svn,
                    TCB.cpuSvn(),
                    new Attributes(3, 0),
                    Bytes.zeros(32),
                    0,
                    config);
            SealParty party =
                new SealParty(opener, Optional.of("this one"), Optional.of(TCB.cpuSvn()));
            assertThat(CPU.egetkey(opener, asked) instanceof KeyResult.Key)
                .as("%s by %s", asked, opener)
                .isEqualTo(
                    SealDiagnosis.of(asked, party, Optional.of(party)).outcome()
                        == SealDiagnosis.Outcome.OPENS);
          }
        }
      }
    }
  }

  @Test
  void aReportIsAuthenticForItsTargetOnly() {
    EnclaveIdentity target = self(0, Bytes.ascii("target").sha256(), 1, 1, 0);
    Report report = CPU.report(SELF, target.target(), Bytes.ascii("d".repeat(64)));
    KeyRequest request = request(3, 0, 0, Bytes.zeros(16), report.keyId());
    try (Secret own = ((KeyResult.Key) CPU.egetkey(target, request)).key();
        Secret other = ((KeyResult.Key) CPU.egetkey(SELF, request)).key()) {
      assertThat(report.isAuthentic(own)).isTrue();
      assertThat(report.isAuthentic(other)).isFalse();
    }
    assertThat(report.body().mrEnclave()).isEqualTo(SELF.mrEnclave());
  }
}
