package dev.reseal.lifecycle;

/**
 * The bounds of every wait and repetition of one supervisor. None of them carries a promise: they
 * decide how long is tried, never what is allowed.
 *
 * @param drainMs how long QUIESCE may last beyond the application's own deadline
 * @param sealMs SNAPSHOT
 * @param birthMs CREATE: from the start of the process to its first call
 * @param restoreMs RESTORE
 * @param installMs RESUME
 */
public record Limits(
    long drainMs, long sealMs, long birthMs, long restoreMs, long installMs, long backOffMs) {
  public static final Limits DEFAULT = new Limits(60_000, 300_000, 30_000, 300_000, 60_000, 100);

  /** How long a re-seal waits for what the active instance finds out; then it goes on without. */
  static final long PLAT_CHECK_MS = 5_000;

  static final int SEALS = 3;
  static final int CREATES = 64;

  /** Creates before the pause between them doubles: EPC or a platform may be back in a moment. */
  static final int SAME_PAUSE = 8;

  /** The longest pause before an authority that is not ready is asked again. */
  static final long ASK_MS = 30_000;

  /** Doublings after which a pause is that long, and shorter than what a number holds. */
  static final int ASKS_DOUBLED = 16;

  static final int CANDIDATES = 3;
}
