package dev.reseal.attack;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.EnclaveFault;
import dev.reseal.emulator.EnclaveImage;
import dev.reseal.emulator.Fault;
import dev.reseal.emulator.Faults;
import dev.reseal.emulator.Knobs;
import dev.reseal.emulator.Machine;
import dev.reseal.emulator.SgxDriver;
import dev.reseal.emulator.SgxStatus;
import dev.reseal.emulator.Trusted;
import dev.reseal.emulator.TrustedProgram;
import dev.reseal.emulator.Urts;
import dev.reseal.emulator.Urts.Called;
import dev.reseal.emulator.Urts.Created;
import dev.reseal.sgx.SigStruct;
import dev.reseal.sgx.SigningKeys;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A script that destroys and creates with the untrusted runtime, of an enclave that has its state
 * in memory. Driver, EPC and statuses are those of the emulator.
 */
final class NaiveScript {
  private static final int PUT = 1;
  private static final int GET = 2;
  private static final int THREADS = 2;
  private static final int HEAP_PAGES = 4;
  private static final int BUILD_DATE = 0x20260101;

  private final SgxDriver driver;
  private final Urts urts;
  private final EnclaveImage image = EnclaveImage.of("ledger", THREADS, HEAP_PAGES, Ledger::new);
  private final SigStruct signature;
  private long enclave;

  /** Eight bytes in the first heap page. */
  private static final class Ledger implements TrustedProgram {
    @Override
    public Bytes ecall(int function, Bytes input, Trusted inside) throws EnclaveFault {
      if (function == GET) {
        return inside.read(inside.heap(), Long.BYTES);
      }
      inside.write(inside.heap(), input);
      return Bytes.EMPTY;
    }
  }

  /** Runs one enclave on a machine with so much EPC. */
  NaiveScript(Machine machine, int epcPages, long balance) {
    driver = new SgxDriver(machine, Knobs.epc(epcPages).withBacking(0), Faults.none());
    urts = new Urts(driver);
    signature =
        SigStruct.sign(
            SigStruct.Body.of(image.measure().mrEnclave(), 1, 2, BUILD_DATE),
            SigningKeys.generate());
    if (!(urts.create(image, signature, false) instanceof Created.Enclave(long id))) {
      throw new IllegalStateException("no enclave in " + epcPages + " pages");
    }
    enclave = id;
    urts.ecall(enclave, PUT, Bytes.u64(balance));
  }

  void strike(Fault fault) {
    driver.strike(fault);
  }

  /** A child that the service forked, which nobody remembers. */
  Urts.Child fork() {
    return urts.fork();
  }

  /** Destroy, let others do what they do, create. */
  Ending rotate(Runnable meanwhile) {
    urts.destroy(enclave);
    meanwhile.run();
    return switch (urts.create(image, signature, false)) {
      case Created.Enclave(long id) -> new Ending.Harmless("enclave " + id + " runs");
      case Created.Failed(SgxStatus status, _) ->
          new Ending.Won(
              status + ": nothing serves, and the balance was in the enclave that is destroyed");
    };
  }

  /** Each of so many threads re-creates what it sees lost; how many enclaves come of it. */
  long recreatedBy(int threads) throws InterruptedException, ExecutionException {
    CountDownLatch seen = new CountDownLatch(threads);
    Callable<Boolean> call =
        () -> {
          boolean lost = urts.ecall(enclave, GET, Bytes.EMPTY) instanceof Called.Failed;
          seen.countDown();
          seen.await();
          return lost && urts.create(image, signature, false) instanceof Created.Enclave;
        };
    long created = 0;
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      for (Future<Boolean> each : pool.invokeAll(Collections.nCopies(threads, call))) {
        created += each.get() ? 1 : 0;
      }
    }
    return created;
  }
}
