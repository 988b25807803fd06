package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Device.KeyResult;
import dev.reseal.platform.Device.QuoteResult;
import dev.reseal.platform.PlatformException;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.TargetInfo;
import org.junit.jupiter.api.Test;

/** What a Java enclave program asks its own enclave. */
class EnclaveDeviceTest {
  private static final Bytes DATA = Bytes.ascii("report data ".repeat(6)).slice(0, 64);

  private final SgxDriver driver = UrtsTest.driver(64);

  private EnclaveDevice create() {
    var made = EnclaveDevice.create(driver, UrtsTest.IMAGE, UrtsTest.SIGNED);
    assertThat(made).isInstanceOf(EnclaveDevice.Created.Enclave.class);
    return ((EnclaveDevice.Created.Enclave) made).device();
  }

  private static Bytes sealKey(EnclaveDevice device, Bytes cpuSvn) {
    Bytes request = Programs.seal(KeyRequest.POLICY_MRENCLAVE, cpuSvn, 0).encode();
    assertThat(device.egetkey(request)).isInstanceOf(KeyResult.Key.class);
    return ((KeyResult.Key) device.egetkey(request)).key().use(Bytes::of);
  }

  @Test
  void theNextEnclaveOfTheSameImageHasTheSameSealKeys() {
    Bytes cpuSvn = driver.machine().cpu().tcb().cpuSvn();
    Bytes before;
    try (EnclaveDevice first = create()) {
      before = sealKey(first, cpuSvn);
    }
    driver.strike(new Fault.Microcode(9));
    try (EnclaveDevice second = create()) {
      assertThat(sealKey(second, cpuSvn)).isEqualTo(before);
      assertThat(sealKey(second, driver.machine().cpu().tcb().cpuSvn())).isNotEqualTo(before);
    }
  }

  @Test
  void reportAndQuoteStateTheIdentityOfTheEnclave() throws Exception {
    try (EnclaveDevice device = create()) {
      Report report = Report.parse(device.report(Bytes.zeros(TargetInfo.SIZE), DATA));
      assertThat(report.body().mrEnclave()).isEqualTo(device.mrenclave());
      assertThat(report.body().reportData()).isEqualTo(DATA);
      assertThat(device.identity().isvSvn()).isEqualTo(report.body().isvSvn());
      assertThat(device.quote(DATA))
          .isInstanceOfSatisfying(
              QuoteResult.Quote.class,
              made -> assertThat(made.quote().slice(48, 384)).isEqualTo(report.body().encode()));
    }
  }

  @Test
  void aDestroyedEnclaveAnswersNothingAndItsPagesAreFree() {
    int free = driver.freePages();
    EnclaveDevice device = create();
    device.close();
    device.close();
    assertThat(driver.freePages()).isEqualTo(free);
    assertThatThrownBy(() -> device.quote(DATA))
        .isInstanceOf(PlatformException.class)
        .hasMessageContaining("INVALID_ENCLAVE_ID");
  }

  @Test
  void aLostEnclaveAnswersNothing() {
    try (EnclaveDevice device = create()) {
      driver.strike(new Fault.PowerTransition());
      assertThatThrownBy(() -> device.egetkey(Bytes.zeros(KeyRequest.SIZE)))
          .isInstanceOf(PlatformException.class)
          .hasMessageContaining("ENCLAVE_LOST");
    }
  }

  @Test
  void aFullEpcIsSaidAsTheRuntimeSaysIt() {
    driver.strike(new Fault.PagesTaken(64));
    assertThat(EnclaveDevice.create(driver, UrtsTest.IMAGE, UrtsTest.SIGNED))
        .isInstanceOfSatisfying(
            EnclaveDevice.Created.Failed.class,
            failed -> assertThat(failed.status()).isEqualTo(SgxStatus.OUT_OF_MEMORY));
  }

  @Test
  void aMalformedRequestIsNamed() {
    try (EnclaveDevice device = create()) {
      assertThatThrownBy(() -> device.egetkey(Bytes.zeros(7)))
          .isInstanceOf(PlatformException.class)
          .hasMessageContaining("egetkey");
    }
  }
}
