package dev.reseal.lifecycle;

/** How an operation ended for whoever asked for it. */
public sealed interface Outcome {
  /** Carried out; {@code note} is a warning or empty. */
  record Done(String note) implements Outcome {}

  /**
   * Carried out, but its instance ended at once: what that had not stored is lost (policy bounds
   * it).
   */
  record TakingOver(String note) implements Outcome {}

  /** Aborted before the commit; the previous owner serves and nothing is lost. */
  record Aborted(Cause cause) implements Outcome {}

  /** Not started; nothing was touched. */
  record Blocked(Cause cause) implements Outcome {}

  /** The old key generation goes on serving for a bounded time. */
  record HoldOver(Cause cause) implements Outcome {}

  /** The authority said no for good, before anything was touched. */
  record Refused(Denial denial) implements Outcome {}

  /** Nothing serves; the registered state is intact. */
  record Stopped(Cause cause) implements Outcome {}
}
