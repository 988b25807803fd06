package dev.reseal.simulation;

import java.util.Optional;

/**
 * Looks for the first seed that finds a planted error; called in the classes of a {@link Mutant}.
 */
public final class Search {
  private Search() {}

  /** {@code "SEED RULE"} of the first seed that breaks a rule, or empty. */
  public static String first(String planted, long seeds) {
    for (long seed = 0; seed < seeds; seed++) {
      Simulation.Outcome outcome = Simulation.run(seed, Planted.valueOf(planted).wiring());
      Optional<String> failure = outcome.failure();
      if (failure.isPresent()) {
        return seed + " " + failure.get();
      }
    }
    return "";
  }
}
