package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Phase;
import dev.reseal.lifecycle.Situation;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;

/** How long phases and gaps last; tells the log and whoever follows an operation. */
final class Stopwatch implements Observer {
  /** Who follows phases; called on the loop's thread and must not block. */
  interface Follower {
    void phase(Phase phase, String edge, long micros);
  }

  private final String name;
  private final Follower follower;
  private long enteredNanos = System.nanoTime();
  private long beganNanos = System.nanoTime();
  private long parkedNanos;
  private final ConcurrentSkipListMap<Long, Long> micros = new ConcurrentSkipListMap<>();
  private final Set<Bytes> operations = ConcurrentHashMap.newKeySet();
  private volatile long gapMicros;
  private volatile long totalMicros;

  Stopwatch(String name, Follower follower) {
    this.name = name;
    this.follower = follower;
  }

  @Override
  public void changed(Situation from, Situation to, String failed) {
    Phase left = Situation.phase(from);
    Phase entered = Situation.phase(to);
    boolean begins = left == Phase.IDLE && entered != Phase.IDLE;
    if (begins) {
      operations.clear();
    }
    count(to);
    if (left == entered && failed.isEmpty()) {
      return;
    }
    long now = System.nanoTime();
    if (left != Phase.IDLE) {
      tell(left, failed.isEmpty() ? "done" : "failed", now - enteredNanos, failed);
    }
    enteredNanos = now;
    if (begins) {
      beganNanos = now;
      parkedNanos = 0;
      gapMicros = 0;
      micros.clear();
    }
    totalMicros = micros(now - beganNanos);
    if (entered != Phase.IDLE && entered != left) {
      follower.phase(entered, "intent", 0);
    }
  }

  /** An abort that an operator asks for has an op_id of its own. */
  private void count(Situation to) {
    Situation.run(to).ifPresent(run -> operations.add(run.opId()));
    if (to instanceof Situation.BackingOut(_, _, Optional<Bytes> askedBy, _)) {
      askedBy.ifPresent(operations::add);
    }
  }

  void parked() {
    if (parkedNanos == 0) {
      parkedNanos = System.nanoTime();
    }
  }

  void released() {
    if (parkedNanos != 0) {
      gapMicros = micros(System.nanoTime() - parkedNanos);
      parkedNanos = 0;
    }
  }

  /** {@code gapMicros}: from the first parked connection to the release. */
  record Times(long gapMicros, long totalMicros) {}

  /** Zero of an operation that never began; together with what took its place without a pause. */
  Times times(Bytes opId) {
    return operations.contains(opId) ? new Times(gapMicros, totalMicros) : new Times(0, 0);
  }

  /** Of the newest operation, by number; a phase that was repeated counts with all its tries. */
  SortedMap<Long, Long> micros() {
    return new TreeMap<>(micros);
  }

  private void tell(Phase phase, String edge, long nanos, String failed) {
    micros.merge((long) phase.number(), micros(nanos), Long::sum);
    follower.phase(phase, edge, micros(nanos));
    String line = String.format(Locale.ROOT, "%s %-9s %s %.1f ms", name, phase, edge, nanos / 1e6);
    Log.info(failed.isEmpty() ? line : line + "  " + failed);
  }

  private static long micros(long nanos) {
    return TimeUnit.NANOSECONDS.toMicros(nanos);
  }
}
