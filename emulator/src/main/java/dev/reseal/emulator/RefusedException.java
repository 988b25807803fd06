package dev.reseal.emulator;

import dev.reseal.platform.Refusal;

/** A host request that is refused by a rule; turned into a value at the seam. */
final class RefusedException extends Exception {
  private final Refusal rule;

  RefusedException(Refusal rule, String detail) {
    super(detail);
    this.rule = rule;
  }

  Refusal rule() {
    return rule;
  }

  String detail() {
    return String.valueOf(getMessage());
  }
}
