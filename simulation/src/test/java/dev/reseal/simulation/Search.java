package dev.reseal.simulation;

/**
 * Looks for the first seed that finds a planted error; called in the classes of a {@link Mutant}.
 */
public final class Search {
  private Search() {}

  /**
   * {@code "SEED RULE: WHAT"} of the first seed that breaks a rule, or empty.
   *
   * @param known a seed that found it before, tried first; negative for none
   */
  public static String first(String planted, long known, long seeds) {
    String again = known < 0 ? "" : run(planted, known);
    for (long seed = 0; again.isEmpty() && seed < seeds; seed++) {
      again = run(planted, seed);
    }
    return again;
  }

  private static String run(String planted, long seed) {
    Simulation.Outcome outcome = Simulation.run(seed, Planted.valueOf(planted).wiring());
    return outcome.failure().map(rule -> seed + " " + rule).orElse("");
  }
}
