package dev.reseal.simulation;

import dev.reseal.authority.Clocks;
import java.util.function.LongSupplier;

/** A machine's clocks over virtual time: the wall clock may step, the machine may be suspended. */
final class HostClocks implements Clocks {
  private static final long BEGAN_MS = 1_800_000_000_000L;

  private final LongSupplier nowMs;
  private long steppedMs;
  private long suspendedMs;

  HostClocks(LongSupplier nowMs) {
    this.nowMs = nowMs;
  }

  /** The wall clock steps against all others. */
  void step(long ms) {
    steppedMs += ms;
  }

  /** The machine slept for so long until now: only the monotonic clock missed it. */
  void suspended(long ms) {
    suspendedMs += ms;
  }

  @Override
  public long wallMs() {
    return BEGAN_MS + nowMs.getAsLong() + steppedMs;
  }

  @Override
  public long monotonicMs() {
    return nowMs.getAsLong() - suspendedMs;
  }

  @Override
  public long uptimeMs() {
    return nowMs.getAsLong();
  }
}
