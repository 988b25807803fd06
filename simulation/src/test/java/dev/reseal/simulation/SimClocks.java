package dev.reseal.simulation;

import dev.reseal.authority.Clocks;

/** Virtual time: it stands still until somebody waits. */
final class SimClocks implements Clocks {
  private static final long BEGAN_MS = 1_800_000_000_000L;

  private long sinceMs;

  void advance(long ms) {
    sinceMs += ms;
  }

  @Override
  public long wallMs() {
    return BEGAN_MS + sinceMs;
  }

  @Override
  public long monotonicMs() {
    return sinceMs;
  }

  @Override
  public long uptimeMs() {
    return sinceMs;
  }
}
