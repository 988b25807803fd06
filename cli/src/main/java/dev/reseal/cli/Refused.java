package dev.reseal.cli;

import dev.reseal.lifecycle.Cause;
import dev.reseal.lifecycle.ExitCode;

/** A command that stops before it touched anything; says why and what to do. */
final class Refused extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Cause cause;
  private final ExitCode exitCode;

  Refused(String rule, String detail, String next) {
    this(ExitCode.BLOCKED, new Cause(rule, detail, next));
  }

  Refused(ExitCode exitCode, Cause cause) {
    super(cause.toString());
    this.cause = cause;
    this.exitCode = exitCode;
  }

  /** An option or argument that does not fit. */
  static Refused usage(String detail, String next) {
    return new Refused(ExitCode.USAGE, new Cause("USAGE", detail, next));
  }

  Cause why() {
    return cause;
  }

  ExitCode exitCode() {
    return exitCode;
  }
}
