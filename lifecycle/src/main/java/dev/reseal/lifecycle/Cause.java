package dev.reseal.lifecycle;

/**
 * Why something did not happen.
 *
 * @param rule stable short name of what refused
 * @param detail what was asked and what was found
 * @param next what a person can do now
 */
public record Cause(String rule, String detail, String next) {
  @Override
  public String toString() {
    return rule + ": " + detail + (next.isEmpty() ? "" : "; " + next);
  }
}
