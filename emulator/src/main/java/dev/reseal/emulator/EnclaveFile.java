package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.Mrenclave;
import dev.reseal.sgx.SecInfo;
import dev.reseal.sgx.SigStruct;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * An open file of the SGX device with its enclave. References are descriptors and mappings of every
 * process; when the last one goes, the driver removes the pages.
 */
public final class EnclaveFile {
  private static final int SLOTS_PER_VA_PAGE = 512;
  private static final int EINIT_TRIES = 2;

  private final SgxDriver driver;
  private final long id;
  private final long power;
  private final ReentrantLock ioctl = new ReentrantLock();
  private Optional<Building> building = Optional.empty();
  private Optional<EnclaveIdentity> identity = Optional.empty();
  private int references = 1;
  private boolean released;

  EnclaveFile(SgxDriver driver, long id) {
    this.driver = driver;
    this.id = id;
    this.power = driver.power();
  }

  /** Between ECREATE and EINIT. */
  private static final class Building {
    private final Mrenclave measurer;
    private final ControlOptions options;
    private long slots;

    Building(Mrenclave measurer, ControlOptions options) {
      this.measurer = measurer;
      this.options = options;
    }
  }

  /** What ECREATE is told beside the size; CONFIGID counts under KSS only. */
  public record ControlOptions(
      Attributes attributes, int miscSelect, Bytes configId, int configSvn) {
    public static ControlOptions of(Attributes attributes) {
      return new ControlOptions(attributes, 0, Bytes.zeros(64), 0);
    }
  }

  private interface Call {
    void run() throws DriverException;
  }

  /** ENCLAVE_CREATE. */
  public void create(long size, ControlOptions options) throws DriverException {
    call(() -> {
      if (building.isPresent() || identity.isPresent()) {
        throw new DriverException(Errno.EINVAL, "this file has an enclave already");
      }
      if (size < 2L * Mrenclave.PAGE || Long.bitCount(size) != 1) {
        throw new DriverException(Errno.EINVAL, "size " + size + " is not a power of two");
      }
      Attributes attributes = options.attributes();
      if (attributes.has(Attributes.PROVISIONKEY)) {
        throw new DriverException(Errno.EACCES, "PROVISIONKEY without the provision device");
      }
      if (!Einit.supports(attributes, options.miscSelect())) {
        throw new DriverException(Errno.EINVAL, "attributes " + attributes + " not supported");
      }
      driver.epc().pin(id, new SecInfo(SecInfo.TYPE_SECS));
      building = Optional.of(new Building(new Mrenclave(1, size), options));
    });
  }

  /** ENCLAVE_ADD_PAGES of one page, measured or not. */
  public void add(EnclaveImage.Page page) throws DriverException {
    call(() -> {
      Building now = requireBuilding();
      if (page.offset() < 0
          || page.offset() % Mrenclave.PAGE != 0
          || page.offset() > now.measurer.size() - Mrenclave.PAGE) {
        throw new DriverException(Errno.EINVAL, "offset " + page.offset() + " is outside");
      }
      if (page.secInfo().equals(SecInfo.TCS) != (page.secInfo().permissions() == 0)) {
        throw new DriverException(Errno.EINVAL, page.secInfo() + " is not allowed");
      }
      if (now.slots++ % SLOTS_PER_VA_PAGE == 0) {
        driver.epc().pin(id, new SecInfo(SecInfo.TYPE_VA));
      }
      driver.epc().add(id, page.offset(), page.secInfo(), page.content());
      if (page.measured()) {
        now.measurer.page(page.offset(), page.secInfo(), page.content().buffer());
        driver.epc().spent(Knobs.COST_EXTEND);
      } else {
        now.measurer.add(page.offset(), page.secInfo());
      }
    });
  }

  /** ENCLAVE_INIT; a refused EINIT is EPERM, and only a debug log would say more. */
  public void init(SigStruct sigStruct) throws DriverException {
    call(() -> {
      Building now = requireBuilding();
      for (int tries = 0; driver.due().interruptsEinit(); tries++) {
        if (tries == EINIT_TRIES) {
          throw new DriverException(Errno.ERESTARTSYS, "EINIT: UNMASKED_EVENT, again");
        }
      }
      ControlOptions options = now.options;
      Einit.Control secs =
          new Einit.Control(
              now.measurer.digest(),
              options.attributes(),
              options.miscSelect(),
              options.configId(),
              options.configSvn());
      switch (Einit.run(secs, sigStruct)) {
        case Einit.Result.Initialised(EnclaveIdentity made) -> {
          identity = Optional.of(made);
          building = Optional.empty();
        }
        case Einit.Result.Refused refused ->
            throw new DriverException(Errno.EPERM, refused.toString());
      }
    });
  }

  /** A mapping, or a descriptor that a child process inherited. */
  public synchronized void reference() {
    if (released) {
      throw new IllegalStateException("file is closed");
    }
    references++;
  }

  /** {@code close}, {@code munmap} or the end of a process; the last one removes the enclave. */
  public synchronized void release() {
    if (references == 0) {
      throw new IllegalStateException("file released more often than referenced");
    }
    references--;
    if (references == 0) {
      released = true;
      driver.remove(id);
    }
  }

  /** The identity since EINIT. */
  Optional<EnclaveIdentity> identity() {
    return identity;
  }

  long id() {
    return id;
  }

  /** Whether a power transition has taken the enclave. */
  public boolean isLost() {
    return driver.power() != power;
  }

  private Building requireBuilding() throws DriverException {
    return building.orElseThrow(() ->
        new DriverException(
            Errno.EINVAL, identity.isPresent() ? "initialised already" : "not created"));
  }

  private void call(Call call) throws DriverException {
    if (!ioctl.tryLock()) {
      throw new DriverException(Errno.EBUSY, "another call on this file is running");
    }
    try {
      driver.step();
      if (isLost()) {
        throw new DriverException(Errno.EIO, "the EPC was lost in a power transition");
      }
      call.run();
    } finally {
      ioctl.unlock();
    }
  }
}
