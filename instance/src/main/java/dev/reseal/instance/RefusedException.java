package dev.reseal.instance;

import dev.reseal.wire.Code;

/** Carries a refusal to the edge of this module, where it becomes {@link Outcome.Refused}. */
final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final Code code;
  private final String detail;

  RefusedException(Code code, String detail) {
    super(code + ": " + detail);
    this.code = code;
    this.detail = detail;
  }

  Outcome.Refused outcome() {
    return new Outcome.Refused(code, code.name(), detail);
  }
}
