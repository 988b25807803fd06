package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Cpu;
import dev.reseal.emulator.EnclaveDevice;
import dev.reseal.emulator.EnclaveImage;
import dev.reseal.emulator.Fault;
import dev.reseal.emulator.Faults;
import dev.reseal.emulator.Faulty;
import dev.reseal.emulator.Knobs;
import dev.reseal.emulator.Machine;
import dev.reseal.emulator.PlatformIdentity;
import dev.reseal.emulator.SgxDriver;
import dev.reseal.emulator.Tcb;
import dev.reseal.platform.Device.KeyResult;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.SigStruct;
import dev.reseal.sgx.SigningKeys;
import dev.reseal.wire.Randomness;
import java.security.interfaces.RSAPrivateCrtKey;
import java.time.Instant;

/**
 * The one machine of a simulated world: the emulator in process, with enclaves in its EPC. Its
 * secrets follow from the world's seed; its quoting chain does not, and nothing here quotes.
 */
final class MachineNode implements Faulty {
  /** Room for several instances, so that what leaks or hides does not fill it at once. */
  static final int EPC_PAGES = 64;

  private static final Machine PROVISIONED =
      Machine.make(PlatformIdentity.FIRST_FMSPC, Instant.parse("2026-05-01T00:00:00Z"));

  /** What there is to load: the image that policy names and the other one that it names too. */
  enum Image {
    FIRST("image"),
    OTHER("other image");

    @SuppressWarnings("ImmutableEnumChecker") // a record of pages that nobody changes
    private final EnclaveImage pages;

    @SuppressWarnings("ImmutableEnumChecker") // a record of numbers and Bytes
    private final SigStruct signature;

    Image(String code) {
      pages = EnclaveImage.of(code, 1, 1, () -> (_, input, _) -> input);
      SigStruct.Body body = SigStruct.Body.of(pages.measure().mrEnclave(), 1, 1, 0x20260501);
      signature = SigStruct.sign(body, SIGNER);
    }

    Bytes mrenclave() {
      return signature.body().enclaveHash();
    }

    private static Image of(Bytes mrenclave) {
      for (Image image : values()) {
        if (image.mrenclave().equals(mrenclave)) {
          return image;
        }
      }
      throw new IllegalArgumentException("no image measures as " + mrenclave);
    }
  }

  /**
   * The same in every run, so that a seed's history is the same to the last byte; from this number
   * two primes are soon found.
   */
  private static final RSAPrivateCrtKey SIGNER =
      SigningKeys.generate(new Chance(36).bytes().secureRandom());

  private static final long NEED = Image.FIRST.pages.measure().epcPages();
  private static final EnclaveIdentity FIRST = EnclaveIdentity.initialised(Image.FIRST.signature);

  private final SgxDriver driver;

  MachineNode(Randomness randomness) {
    Cpu cpu = new Cpu(randomness.secret(16), randomness.bytes(16), randomness.bytes(32), Tcb.FIRST);
    Machine machine =
        new Machine(
            cpu,
            PROVISIONED.identity(),
            PROVISIONED.chain(),
            PROVISIONED.judgement(),
            PROVISIONED.early(),
            1,
            PROVISIONED.issued());
    this.driver = new SgxDriver(machine, Knobs.epc(EPC_PAGES).withBacking(0), Faults.none());
  }

  EnclaveDevice.Created create(Bytes mrenclave) {
    Image image = Image.of(mrenclave);
    return EnclaveDevice.create(driver, image.pages, image.signature);
  }

  boolean hasRoom() {
    return driver.freePages() >= NEED;
  }

  @Override
  public void strike(Fault fault) {
    driver.strike(fault);
  }

  void raiseMicrocode() {
    int svn = driver.machine().cpu().tcb().microcode();
    strike(new Fault.Microcode(Math.min(svn + 1, 255)));
  }

  Bytes cpuSvn() {
    return driver.machine().cpu().tcb().cpuSvn();
  }

  /** What an enclave of the first image gets, now, from whoever runs it. */
  KeyResult egetkey(Bytes request) {
    try {
      return driver.machine().cpu().egetkey(FIRST, KeyRequest.parse(request));
    } catch (MalformedException malformed) {
      throw new IllegalArgumentException(malformed);
    }
  }

  /** The body of a report that an enclave of the first image makes for whoever runs it. */
  Bytes evidence(Bytes reportData) {
    return FIRST.report(cpuSvn(), reportData).encode();
  }
}
