package dev.reseal.authority;

import dev.reseal.sealed.ContainerException;
import dev.reseal.wire.Code;
import dev.reseal.wire.WireError;
import java.util.Optional;

/**
 * A guard that does not hold, on its way to {@link Decision.Refused}: never leaves this package.
 */
final class Denied extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient WireError error;

  private Denied(WireError error) {
    super(error.rule() + ": " + error.detail(), null, false, false);
    this.error = error;
  }

  static Denied of(Code code, String rule, String detail) {
    return new Denied(new WireError(code, rule, detail, Optional.empty(), Optional.empty()));
  }

  static Denied of(Code code, String detail) {
    return of(code, code.name(), detail);
  }

  static Denied of(WireError error) {
    return new Denied(error);
  }

  static Denied of(ContainerException refused) {
    return of(refused.code(), refused.rule().name(), refused.detail());
  }

  Denied number(long number) {
    return new Denied(
        new WireError(
            error.code(), error.rule(), error.detail(), Optional.of(number), error.allow()));
  }

  /** The policy line that would allow it. */
  Denied allow(String line) {
    return new Denied(
        new WireError(
            error.code(), error.rule(), error.detail(), error.number(), Optional.of(line)));
  }

  WireError error() {
    return error;
  }

  static void unless(boolean holds, Code code, String rule, String detail) {
    if (!holds) {
      throw of(code, rule, detail);
    }
  }
}
