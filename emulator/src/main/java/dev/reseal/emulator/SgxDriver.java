package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.platform.Device.KeyResult;
import dev.reseal.platform.Device.QuoteResult;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.TargetInfo;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * An emulated processor with the kernel's SGX driver, inside this process: EPC with types, owners
 * and reclaim, the driver's calls with their error numbers, and faults that strike as planned. Its
 * keys are those of the {@link Machine} it is given, so that it and a daemon of the same machine
 * derive the same ones.
 */
public final class SgxDriver implements Faulty {
  private final AtomicReference<Machine> machine;
  private final Epc epc;
  private final Faults faults;
  private final AtomicLong nextEnclave = new AtomicLong(1);

  /** Counts power transitions: an enclave of an earlier one is lost. */
  private final AtomicLong power = new AtomicLong();

  private final DueFaults due = new DueFaults();

  public SgxDriver(Machine machine, Knobs knobs, Faults faults) {
    this.machine = new AtomicReference<>(machine);
    this.epc = new Epc(knobs);
    this.faults = faults;
  }

  /** {@code open("/dev/sgx_enclave")}: one file, one enclave. */
  public EnclaveFile open() throws DriverException {
    step();
    if (due.retriesOpen()) {
      throw new DriverException(Errno.EAGAIN, "EUPDATESVN lacks entropy");
    }
    return new EnclaveFile(this, nextEnclave.getAndIncrement());
  }

  /** Lets a fault strike now, whatever the plan says. */
  @Override
  public void strike(Fault fault) {
    switch (fault) {
      case Fault.PowerTransition _ -> power.incrementAndGet();
      case Fault.OpenRetry(int times) -> due.openRetry(times);
      case Fault.EinitInterrupted(int times) -> due.einitInterrupted(times);
      case Fault.Microcode(int svn) ->
          machine.updateAndGet(old -> old.withMicrocode(svn, old.issued()));
      case Fault.LeakedPages(int pages) -> epc.leak(pages);
      case Fault.Residue(int pages) -> epc.keepResidue(pages);
      case Fault.PagesTaken(int pages) -> epc.takeElsewhere(pages);
      case Fault.PagesReturned _ -> epc.otherWorkloadEnds();
      case Fault.BusyThread(int millis) -> due.busyThread(millis);
      case Fault.ForkedChild _ -> due.forkedChild();
      case Fault.ChildrenExit _ -> epc.removeOrphans();
      case Fault.QuotingAway(int times) -> due.quotingAway(times);
    }
  }

  /** The owner changes the owner epoch, or the board is swapped: every key is another one. */
  public void reset(Machine other) {
    power.incrementAndGet();
    machine.set(other);
  }

  public Machine machine() {
    return machine.get();
  }

  /** Free pages, which the mainline kernel does not tell. */
  public int freePages() {
    return epc.freePages();
  }

  /** Pages lost to failed EREMOVEs. */
  public int leakedPages() {
    return epc.leakedPages();
  }

  /** Work done so far in units of {@link Knobs}: shows thrashing before anything fails. */
  public long cost() {
    return epc.cost();
  }

  /** What an enclave makes its report for, when it wants a quote. */
  public TargetInfo quotingTarget() {
    return Quoting.QE.target();
  }

  /** A quote, if the report is a genuine one of this machine for the quoting enclave. */
  public QuoteResult quote(Report report) {
    if (due.quotingIsAway()) {
      return new QuoteResult.Unavailable("the quoting enclave is away");
    }
    Machine now = machine.get();
    KeyRequest request =
        new KeyRequest(
            KeyRequest.REPORT_KEY, 0, 0, Bytes.zeros(16), Attributes.NONE, report.keyId(), 0, 0);
    return switch (now.cpu().egetkey(Quoting.QE, request)) {
      case KeyResult.Key(Secret key) -> {
        try (key) {
          yield report.isAuthentic(key)
              ? new QuoteResult.Quote(now.quoting().quote(report.body()))
              : new QuoteResult.Unavailable("the report was not made here for the quoting enclave");
        }
      }
      case KeyResult.Unsupported _, KeyResult.Failed _ ->
          throw new IllegalStateException("the quoting enclave cannot get its report key");
    };
  }

  Epc epc() {
    return epc;
  }

  long power() {
    return power.get();
  }

  /** One driver call begins. */
  synchronized void step() {
    faults.next().forEach(this::strike);
  }

  DueFaults due() {
    return due;
  }

  /** The last reference to an enclave went. */
  void remove(long enclave) {
    step();
    if (due.hasChild()) {
      epc.orphan(enclave);
    } else {
      epc.remove(enclave);
    }
  }

  KeyResult egetkey(EnclaveIdentity self, KeyRequest request) {
    return machine.get().cpu().egetkey(self, request);
  }

  Report ereport(EnclaveIdentity self, TargetInfo target, Bytes reportData) {
    return machine.get().cpu().report(self, target, reportData);
  }
}
