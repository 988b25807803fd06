package dev.reseal.attack;

import dev.reseal.attack.Attack.Baseline;
import dev.reseal.attack.Attack.Defence;
import java.util.Optional;

/**
 * An attack that was carried out on both sides.
 *
 * @param naive empty if the baseline has nothing to attack
 * @param fault why the run must fail; empty if all is as it must be
 */
public record Trial(
    Attack.Live attack, Optional<Ending> naive, Ending reseal, Optional<String> fault) {

  /** Carries it out; an exception of the world around it is not caught. */
  public static Trial of(Attack.Live attack, Stage stage) throws Exception {
    Optional<Ending> naive =
        switch (attack.baseline()) {
          case Baseline.Falls(Attack.Try attempt) -> Optional.of(attempt.on(stage));
          case Baseline.CannotFall _ -> Optional.empty();
        };
    Ending reseal = attack.reseal().on(stage);
    Optional<String> fault = naive.flatMap(Trial::baselineStood).or(() -> judge(attack, reseal));
    return new Trial(attack, naive, reseal, fault);
  }

  private static Optional<String> baselineStood(Ending naive) {
    return switch (naive) {
      case Ending.Won _ -> Optional.empty();
      case Ending.Refused(String rule, String detail) ->
          Optional.of("the baseline stood: " + rule + ": " + detail);
      case Ending.Harmless(String what) -> Optional.of("the baseline stood: " + what);
    };
  }

  private static Optional<String> judge(Attack.Live attack, Ending reseal) {
    return switch (reseal) {
      case Ending.Won(String what) -> Optional.of("Reseal fell: " + what);
      case Ending.Refused(String rule, String detail) ->
          attack.defence().equals(new Defence.Rule(rule))
              ? Optional.empty()
              : Optional.of("refused by " + rule + ", not as expected: " + detail);
      case Ending.Harmless(String what) ->
          attack.defence() instanceof Defence.NoEffect
              ? Optional.empty()
              : Optional.of("not refused, without effect: " + what);
    };
  }
}
