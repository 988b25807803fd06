package dev.reseal.quote;

import dev.reseal.sgx.MalformedException;

/** Carries a refusal from a check to the one place that returns it as a value. */
final class Refusal extends Exception {
  private static final long serialVersionUID = 1;

  private final transient Verdict.Refused refused;

  Refusal(Reason reason, String what, String have, String need) {
    super(reason.word(), null, false, false);
    this.refused = new Verdict.Refused(reason, what, have, need);
  }

  static Refusal of(Reason reason, MalformedException bad) {
    return new Refusal(
        reason, bad.what() + " at offset " + bad.offset(), bad.found(), bad.expected());
  }

  static void unless(boolean condition, Reason reason, String what, String have, String need)
      throws Refusal {
    if (!condition) {
      throw new Refusal(reason, what, have, need);
    }
  }

  Verdict.Refused refused() {
    return refused;
  }
}
