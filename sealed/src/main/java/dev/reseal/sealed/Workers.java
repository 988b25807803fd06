package dev.reseal.sealed;

import java.util.concurrent.Executor;

/**
 * Who works on segments.
 *
 * @param executor runs encryption, decryption and hashing
 * @param segments how many 1 MiB segments are in memory at once, at least 1
 */
public record Workers(Executor executor, int segments) {
  public Workers {
    if (segments < 1) {
      throw new IllegalArgumentException("a pipeline of " + segments + " segments");
    }
  }

  /** Everything in the caller's thread. */
  public static Workers caller() {
    return new Workers(Runnable::run, 1);
  }

  /** For an executor with that many threads. */
  public static Workers of(Executor executor, int threads) {
    return new Workers(executor, threads + 2);
  }
}
