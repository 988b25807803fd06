package dev.reseal.emulator;

import java.util.concurrent.atomic.AtomicInteger;

/** Faults that wait for the next call that they concern; both shapes of the emulator have them. */
final class DueFaults {
  private final AtomicInteger retries = new AtomicInteger();
  private final AtomicInteger interrupts = new AtomicInteger();
  private final AtomicInteger busyMillis = new AtomicInteger();
  private final AtomicInteger children = new AtomicInteger();
  private final AtomicInteger quotes = new AtomicInteger();

  void openRetry(int times) {
    retries.addAndGet(times);
  }

  void einitInterrupted(int times) {
    interrupts.addAndGet(times);
  }

  void busyThread(int millis) {
    busyMillis.addAndGet(millis);
  }

  void forkedChild() {
    children.incrementAndGet();
  }

  void quotingAway(int times) {
    quotes.addAndGet(times);
  }

  /** Whether this quote is refused. */
  boolean quotingIsAway() {
    return take(quotes);
  }

  /** Whether this open fails. */
  boolean retriesOpen() {
    return take(retries);
  }

  /** Whether this EINIT is interrupted. */
  boolean interruptsEinit() {
    return take(interrupts);
  }

  /** Whether the enclave that goes now has a child that keeps its pages. */
  boolean hasChild() {
    return take(children);
  }

  private static boolean take(AtomicInteger due) {
    return due.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
  }

  /** Holds up the destroy that calls it. */
  void holdUpDestroy() {
    int millis = busyMillis.getAndSet(0);
    if (millis > 0) {
      try {
        Thread.sleep(millis);
      } catch (InterruptedException stop) {
        // The runtime's destroy cannot be interrupted: it goes on, and whoever asked sees the flag.
        Thread.currentThread().interrupt();
      }
    }
  }
}
