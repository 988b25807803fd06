package dev.reseal.quote;

/** The rules of an appraisal policy, in the order in which they are tried. */
public enum Rule {
  DEBUG("debug", false),
  ATTRIBUTES("attributes", false),
  RESERVED("reserved", false),
  REPORT_DATA("report-data", false),
  EMULATED("emulated", false),
  PLATFORM("platform", false),
  MEASUREMENT("measurement", false),
  COLLATERAL_ROLLBACK("collateral-rollback", false),
  STATUS("status", true),
  ADVISORY("advisory", true),
  EVALUATION_NUMBER("evaluation-number", true),
  AGE("age", true);

  private final String word;
  private final boolean grace;

  Rule(String word, boolean grace) {
    this.word = word;
    this.grace = grace;
  }

  public String word() {
    return word;
  }

  /** Whether new collateral alone can break this rule, so that grace may apply to members. */
  boolean mayWait() {
    return grace;
  }
}
