package dev.reseal.simulation;

/** A statement of protocol 17 that does not hold. */
final class Check extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String rule;

  Check(String rule, String what) {
    super(rule + ": " + what);
    this.rule = rule;
  }

  String rule() {
    return rule;
  }

  static void that(boolean holds, String rule, String what) {
    if (!holds) {
      throw new Check(rule, what);
    }
  }
}
