package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import java.util.HashMap;
import java.util.Map;

/** What an authority remembers of time while it runs (protocol 12, 14.3). */
final class Watch {
  private final Clocks clocks;
  private final long startedMs;
  private final long stepBaseMs;
  private final Map<Bytes, Long> issuedMs = new HashMap<>();
  private final Map<Bytes, Long> policyMs = new HashMap<>();

  Watch(Clocks clocks) {
    this.clocks = clocks;
    this.startedMs = clocks.monotonicMs();
    this.stepBaseMs = clocks.wallMs() - clocks.uptimeMs();
  }

  long wallMs() {
    return clocks.wallMs();
  }

  long monotonicMs() {
    return clocks.monotonicMs();
  }

  /** A passport of the lineage left just now. */
  void issued(Bytes lineage) {
    issuedMs.put(lineage, clocks.monotonicMs());
  }

  void policyChanged(Bytes lineage) {
    policyMs.put(lineage, clocks.monotonicMs());
  }

  /** Whatever this process does not know of may have happened until it started. */
  Moment moment(Bytes lineage) {
    long now = clocks.monotonicMs();
    return new Moment(
        clocks.wallMs(),
        now - issuedMs.getOrDefault(lineage, startedMs),
        now - policyMs.getOrDefault(lineage, startedMs));
  }

  /** A wall clock that stepped against suspend-aware time issues nothing (protocol 14.3). */
  void steady(Row row) {
    long step = clocks.wallMs() - clocks.uptimeMs() - stepBaseMs;
    Denied.unless(
        Math.abs(step) <= row.policy().dials().skewMs(),
        Code.UNAVAILABLE,
        "CLOCK_STEP",
        "the wall clock stepped by "
            + step
            + " ms since this authority started: confirm it by starting the authority again");
  }
}
