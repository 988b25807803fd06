package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.SigStruct;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The untrusted runtime of one process: create, ecall and destroy in it, with the statuses and the
 * locks of Intel's (psw/urts/enclave.cpp). In particular destroy waits for running ecalls, without
 * a limit, and holds the pool's lock meanwhile: a hung ecall stops every enclave of the process.
 */
public final class Urts {
  private static final int OPEN_TRIES = 4;

  private final SgxDriver driver;
  private final ReentrantLock pool = new ReentrantLock();
  private final Map<Long, LoadedEnclave> enclaves = new HashMap<>();
  private long left;

  public Urts(SgxDriver driver) {
    this.driver = driver;
  }

  /** The result of {@link #create}. */
  public sealed interface Created {
    record Enclave(long id) implements Created {}

    record Failed(SgxStatus status, String detail) implements Created {}
  }

  /** The result of an ecall. */
  public sealed interface Called {
    record Returned(Bytes output) implements Called {}

    record Failed(SgxStatus status) implements Called {}
  }

  /** Ids under KSS. */
  public record Kss(Bytes configId, int configSvn) {
    public static final Kss NONE = new Kss(Bytes.zeros(64), 0);
  }

  public Created create(EnclaveImage image, SigStruct sigStruct, boolean debug) {
    return create(image, sigStruct, debug, Kss.NONE);
  }

  /** {@code sgx_create_enclave_ex}; on failure nothing is left. */
  public Created create(EnclaveImage image, SigStruct sigStruct, boolean debug, Kss kss) {
    Attributes wanted = sigStruct.body().attributes();
    Attributes attributes =
        debug ? wanted.with(Attributes.DEBUG) : wanted.without(Attributes.DEBUG);
    if (!kss.equals(Kss.NONE) && !wanted.has(Attributes.KSS)) {
      return new Created.Failed(
          SgxStatus.FEATURE_NOT_SUPPORTED, "CONFIGID for an enclave signed without KSS");
    }
    EnclaveFile file;
    try {
      file = open();
    } catch (DriverException failed) {
      return failed(failed);
    }
    try {
      file.create(
          image.size(),
          new EnclaveFile.ControlOptions(attributes, 0, kss.configId(), kss.configSvn()));
      for (EnclaveImage.Page page : image.pages()) {
        file.add(page);
      }
      file.init(sigStruct);
    } catch (DriverException failed) {
      file.release();
      return failed(failed);
    }
    file.reference();
    pool.lock();
    try {
      enclaves.put(file.id(), new LoadedEnclave(driver, file, image));
    } finally {
      pool.unlock();
    }
    return new Created.Enclave(file.id());
  }

  private EnclaveFile open() throws DriverException {
    for (int tries = 1; ; tries++) {
      try {
        return driver.open();
      } catch (DriverException failed) {
        if (failed.errno() != Errno.EAGAIN || tries == OPEN_TRIES) {
          throw failed;
        }
      }
    }
  }

  private static Created failed(DriverException failed) {
    return new Created.Failed(SgxStatus.of(failed.errno()), String.valueOf(failed.getMessage()));
  }

  /** {@code sgx_ecall}: runs on the calling thread, which needs a free TCS. */
  public Called ecall(long id, int function, Bytes input) {
    LoadedEnclave enclave = find(id);
    if (enclave == null) {
      return new Called.Failed(SgxStatus.INVALID_ENCLAVE_ID);
    }
    try {
      return enclave.ecall(function, input);
    } finally {
      leave();
    }
  }

  /** Leaving takes the pool's lock too, which a hanging destroy holds. */
  private void leave() {
    pool.lock();
    try {
      left++;
    } finally {
      pool.unlock();
    }
  }

  /** Ecalls that have come back to this process. */
  public long ecallsLeft() {
    pool.lock();
    try {
      return left;
    } finally {
      pool.unlock();
    }
  }

  /** {@code sgx_destroy_enclave}. May be called from an ocall of the same enclave. */
  public SgxStatus destroy(long id) {
    pool.lock();
    try {
      LoadedEnclave enclave = enclaves.remove(id);
      if (enclave == null) {
        return SgxStatus.INVALID_ENCLAVE_ID;
      }
      driver.due().holdUpDestroy();
      enclave.destroy();
      return SgxStatus.SUCCESS;
    } finally {
      pool.unlock();
    }
  }

  /** {@code fork}: the child has descriptors and mappings of every enclave, and can enter none. */
  public Child fork() {
    pool.lock();
    try {
      return new Child(enclaves.values().stream().map(LoadedEnclave::file).toList());
    } finally {
      pool.unlock();
    }
  }

  /** What a debugger reads of enclave memory; only a debug enclave lets it. */
  public Bytes debugRead(long id, long offset, int size) throws EnclaveFault {
    LoadedEnclave enclave = find(id);
    if (enclave == null) {
      throw new EnclaveFault("EDBGRD: no such enclave");
    }
    return enclave.debugRead(offset, size);
  }

  private @org.jspecify.annotations.Nullable LoadedEnclave find(long id) {
    pool.lock();
    try {
      return enclaves.get(id);
    } finally {
      pool.unlock();
    }
  }

  /** A forked child: it keeps EPC alive until it ends. */
  public static final class Child implements AutoCloseable {
    private final List<EnclaveFile> inherited;

    private Child(List<EnclaveFile> files) {
      inherited = new ArrayList<>(files);
      for (EnclaveFile file : inherited) {
        file.reference();
        file.reference();
      }
    }

    /** An ecall in the child. */
    public Called ecall(long id, int function, Bytes input) {
      return new Called.Failed(SgxStatus.ENCLAVE_LOST);
    }

    @Override
    public void close() {
      for (EnclaveFile file : inherited) {
        file.release();
        file.release();
      }
      inherited.clear();
    }
  }
}
