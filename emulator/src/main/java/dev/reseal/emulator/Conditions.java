package dev.reseal.emulator;

import dev.reseal.platform.Refusal;
import java.util.ArrayList;
import java.util.List;

/**
 * What goes wrong below a daemon's instances: the planned faults, counted in creates and destroys,
 * those that an operator asks for, and the instances whose pages a forked child keeps.
 */
final class Conditions {
  private static final int OPEN_TRIES = 4;
  private static final int EINIT_TRIES = 3;

  private final EpcPool epc;
  private final Knobs knobs;
  private final Faults plan;
  private final DueFaults due = new DueFaults();
  private final List<String> orphans = new ArrayList<>();

  Conditions(EpcPool epc, Knobs knobs, Faults plan) {
    this.epc = epc;
    this.knobs = knobs;
    this.plan = plan;
  }

  Knobs knobs() {
    return knobs;
  }

  /** One create or destroy begins: what strikes before it. */
  List<Fault> next() {
    return plan.next();
  }

  /** The faults that concern pages and calls; false for those that are the daemon's own. */
  boolean strike(Fault fault) {
    switch (fault) {
      case Fault.LeakedPages(int pages) -> epc.leak(pages);
      case Fault.PagesTaken(int pages) -> epc.takeElsewhere(pages);
      case Fault.PagesReturned _ -> epc.otherWorkloadEnds();
      case Fault.OpenRetry(int times) -> due.openRetry(times);
      case Fault.EinitInterrupted(int times) -> due.einitInterrupted(times);
      case Fault.BusyThread(int millis) -> due.busyThread(millis);
      case Fault.ForkedChild _ -> due.forkedChild();
      case Fault.ChildrenExit _ -> childrenExit();
      case Fault.QuotingAway(int times) -> due.quotingAway(times);
      case Fault.Residue _ ->
          throw new UnsupportedOperationException(
              "pages of a daemon are an account: there is nothing that could be left in them");
      case Fault.PowerTransition _, Fault.Microcode _ -> {
        return false;
      }
    }
    return true;
  }

  /** Open and EINIT as the driver's callers know them: repeated a few times, then refused. */
  void passDriver() throws RefusedException {
    for (int tries = 1; due.retriesOpen(); tries++) {
      if (tries == OPEN_TRIES) {
        throw new RefusedException(
            Refusal.STILLBORN, "open of the device: EAGAIN " + tries + " times (EUPDATESVN)");
      }
    }
    for (int tries = 1; due.interruptsEinit(); tries++) {
      if (tries == EINIT_TRIES) {
        throw new RefusedException(
            Refusal.STILLBORN, "EINIT: UNMASKED_EVENT " + tries + " times (ERESTARTSYS)");
      }
    }
  }

  boolean quotingIsAway() {
    return due.quotingIsAway();
  }

  void holdUpDestroy() {
    due.holdUpDestroy();
  }

  /** The pages of an instance whose process is gone return, unless a child has them still. */
  void giveBack(String handle) {
    if (due.hasChild()) {
      synchronized (orphans) {
        orphans.add(handle);
      }
    } else {
      epc.giveBack(handle);
    }
  }

  private void childrenExit() {
    synchronized (orphans) {
      orphans.forEach(epc::giveBack);
      orphans.clear();
    }
  }

  /** An instance asks its device: what of it was evicted comes back first. */
  void use(String handle) {
    waitForPaging(epc.use(handle));
  }

  /** What pages that move out or in cost whoever needed it. */
  void waitForPaging(long pages) {
    if (pages == 0 || knobs.evictMicros() == 0) {
      return;
    }
    try {
      Thread.sleep(java.time.Duration.ofNanos(pages * knobs.evictMicros() * 1_000));
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }
}
