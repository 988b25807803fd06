package dev.reseal.lifecycle;

/** What is asked of the authority, with how long the host goes on asking when it is silent. */
public enum Call {
  /** Message 1 as an operator signed it: Prepare, Begin, Takeover or Rekey. */
  BEGIN(false),
  REGISTER(true),
  CHALLENGE(true),
  GRANT(true),
  ACTIVATE(true),
  /** Message 1 of kind abort, by an operator or the supervisor. */
  ABORT(true),
  /** Message 1 of kind takeover, signed by the supervisor. */
  TAKEOVER(true),
  /** Message 1 of kind retire, signed by the supervisor. */
  RETIRE(false),
  FETCH_ACTIVATION(true),
  FETCH_ABORT(true);

  private final boolean enduring;

  Call(boolean enduring) {
    this.enduring = enduring;
  }

  /** Whether it is repeated until the authority returns; otherwise a bounded number of times. */
  public boolean enduring() {
    return enduring;
  }
}
