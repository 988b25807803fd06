package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Device.KeyResult;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.TargetInfo;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.UnaryOperator;

/** One enclave of a runtime: its threads, its lock, and what its trusted code can reach. */
final class LoadedEnclave {
  private final SgxDriver driver;
  private final EnclaveFile file;
  private final EnclaveImage image;
  private final EnclaveIdentity identity;
  private final TrustedProgram program;
  private final Semaphore tcs;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final AtomicBoolean crashed = new AtomicBoolean();
  private volatile boolean destroyed;

  LoadedEnclave(SgxDriver driver, EnclaveFile file, EnclaveImage image) {
    this.driver = driver;
    this.file = file;
    this.image = image;
    this.identity = file.identity().orElseThrow();
    this.program = image.program().get();
    this.tcs = new Semaphore((int) image.threads());
  }

  EnclaveFile file() {
    return file;
  }

  Urts.Called ecall(int function, Bytes input) {
    lock.readLock().lock();
    try {
      if (destroyed || file.isLost()) {
        return new Urts.Called.Failed(SgxStatus.ENCLAVE_LOST);
      }
      if (crashed.get()) {
        return new Urts.Called.Failed(SgxStatus.ENCLAVE_CRASHED);
      }
      if (!tcs.tryAcquire()) {
        return new Urts.Called.Failed(SgxStatus.OUT_OF_TCS);
      }
      try {
        return new Urts.Called.Returned(program.ecall(function, input, new Inside()));
      } catch (EnclaveFault fault) {
        if (destroyed || file.isLost()) {
          return new Urts.Called.Failed(SgxStatus.ENCLAVE_LOST);
        }
        crashed.set(true);
        return new Urts.Called.Failed(SgxStatus.ENCLAVE_CRASHED);
      } finally {
        tcs.release();
      }
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Waits for every thread that is inside, then lets descriptor and mapping go. */
  void destroy() {
    lock.writeLock().lock();
    try {
      destroyed = true;
      file.release();
      file.release();
    } finally {
      lock.writeLock().unlock();
    }
  }

  Bytes debugRead(long offset, int size) throws EnclaveFault {
    if (!identity.debug()) {
      throw new EnclaveFault("EDBGRD: a production enclave shows nothing");
    }
    requireAlive();
    return driver.epc().read(file.id(), offset, size);
  }

  private void requireAlive() throws EnclaveFault {
    if (destroyed) {
      throw new EnclaveFault("the enclave was destroyed");
    }
    if (file.isLost()) {
      throw new EnclaveFault("the enclave was lost");
    }
  }

  /** The trusted side of one thread. */
  private final class Inside implements Trusted {
    @Override
    public EnclaveIdentity identity() {
      return identity;
    }

    @Override
    public Bytes read(long offset, int size) throws EnclaveFault {
      requireAlive();
      return driver.epc().read(file.id(), offset, size);
    }

    @Override
    public void write(long offset, Bytes content) throws EnclaveFault {
      requireAlive();
      driver.epc().write(file.id(), offset, content);
    }

    @Override
    public long heap() {
      return image.heap();
    }

    @Override
    public KeyResult egetkey(KeyRequest request) throws EnclaveFault {
      requireAlive();
      return driver.egetkey(identity, request);
    }

    @Override
    public Report ereport(TargetInfo target, Bytes reportData) throws EnclaveFault {
      requireAlive();
      return driver.ereport(identity, target, reportData);
    }

    @Override
    public Bytes ocall(Bytes argument, UnaryOperator<Bytes> outside) throws EnclaveFault {
      requireAlive();
      lock.readLock().unlock();
      Bytes result;
      try {
        result = outside.apply(argument);
      } finally {
        lock.readLock().lock();
      }
      requireAlive();
      return result;
    }
  }
}
