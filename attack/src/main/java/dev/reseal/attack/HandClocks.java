package dev.reseal.attack;

import dev.reseal.authority.Clocks;

/** The authority's clocks, moved by the attack: nobody waits for a passport to end. */
final class HandClocks implements Clocks {
  private long wall = System.currentTimeMillis();
  private long monotonic;
  private long uptime;

  /** Time passes. */
  void pass(long ms) {
    wall += ms;
    monotonic += ms;
    uptime += ms;
  }

  /** Somebody sets the wall clock. */
  void set(long byMs) {
    wall += byMs;
  }

  @Override
  public long wallMs() {
    return wall;
  }

  @Override
  public long monotonicMs() {
    return monotonic;
  }

  @Override
  public long uptimeMs() {
    return uptime;
  }
}
