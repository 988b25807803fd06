package dev.reseal.attack;

import dev.reseal.authority.Clocks;

/** The right to serve, as a lock service gives it out: until a time of its wall clock. */
final class NaiveLease {
  private final Clocks clocks;
  private final long forMs;
  private long until;

  NaiveLease(Clocks clocks, long forMs) {
    this.clocks = clocks;
    this.forMs = forMs;
  }

  /** Whether it is given to whoever asks. */
  boolean take() {
    if (clocks.wallMs() < until) {
      return false;
    }
    until = clocks.wallMs() + forMs;
    return true;
  }
}
