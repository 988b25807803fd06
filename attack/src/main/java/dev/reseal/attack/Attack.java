package dev.reseal.attack;

/** A row of the attack list. Ids are never used for anything else. */
public sealed interface Attack {
  String id();

  String title();

  /**
   * An attack that can be carried out here.
   *
   * @param starred whether a review fails on it
   */
  record Live(
      String id, boolean starred, String title, Baseline baseline, Defence defence, Try reseal)
      implements Attack {}

  /** One whose subject is not in this version, or that no code can stop. */
  record Absent(String id, String title, String why) implements Attack {}

  /** The same attack against the naive way. */
  sealed interface Baseline {
    /** It must win there. */
    record Falls(Try attempt) implements Baseline {}

    /** It has nothing to attack there. */
    record CannotFall(String why) implements Baseline {}
  }

  /** What stops it in Reseal. */
  sealed interface Defence {
    /** Refusals by exactly these rules, separated by commas, in the order in which they are met. */
    record Rule(String names) implements Defence {}

    /** No refusal: it must change nothing. */
    record NoEffect() implements Defence {}
  }

  /** One try, on a stage of its own. */
  @FunctionalInterface
  interface Try {
    Ending on(Stage stage) throws Exception;
  }
}
