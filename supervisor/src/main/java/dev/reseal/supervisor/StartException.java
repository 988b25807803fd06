package dev.reseal.supervisor;

import dev.reseal.lifecycle.Cause;

/** A supervisor that cannot be started here and now; nothing was touched. */
public final class StartException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient Cause cause;

  StartException(String rule, String detail, String next) {
    this(new Cause(rule, detail, next));
  }

  private StartException(Cause cause) {
    super(cause.toString());
    this.cause = cause;
  }

  public Cause why() {
    return cause;
  }
}
