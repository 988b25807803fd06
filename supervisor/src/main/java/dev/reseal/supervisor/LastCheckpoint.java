package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Verb;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * The checkpoint before an orderly end. Whoever ends the platform after it ends an instance whose
 * clients were told nothing that the register's head does not have.
 */
final class LastCheckpoint {
  private static final long LOOK_MS = 20;

  private final Semaphore made = new Semaphore(0);
  private volatile boolean refused;

  /** To be told of every event, while or after it is decided on. */
  void heard(Event event) {
    if (event instanceof Event.Checkpointed) {
      made.release();
    } else if (event instanceof Event.AdviceRefused(_, String verb, _)
        && verb.equals(Verb.CHECKPOINT.word())) {
      refused = true;
    }
  }

  /**
   * Whether one was made of all that clients know, who were cut off before. The one that comes
   * first may have been on its way already; the next one is whole.
   */
  boolean made(Link link, BooleanSupplier serves, long limitMs) throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMs);
    refused = false;
    boolean first = next(link, serves, until);
    return first && next(link, serves, until);
  }

  private boolean next(Link link, BooleanSupplier serves, long until) throws InterruptedException {
    made.drainPermits();
    link.advise(Verb.CHECKPOINT, Bytes.EMPTY);
    while (serves.getAsBoolean() && !refused && System.nanoTime() < until) {
      if (made.tryAcquire(LOOK_MS, TimeUnit.MILLISECONDS)) {
        return true;
      }
    }
    return false;
  }
}
