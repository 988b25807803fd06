package dev.reseal.cli;

import dev.reseal.attack.Attack;
import dev.reseal.attack.Attack.Baseline;
import dev.reseal.attack.Attack.Defence;
import dev.reseal.attack.Ending;
import dev.reseal.attack.Trial;
import java.util.LinkedHashMap;
import java.util.Map;

/** Attacks and how they ended, in words and as facts. */
final class AttackWords {
  private AttackWords() {}

  static String line(Attack attack) {
    return switch (attack) {
      case Attack.Live live ->
          "%-4s%s %s  [%s]"
              .formatted(
                  live.id(), live.starred() ? "*" : " ", live.title(), defence(live.defence()));
      case Attack.Absent absent ->
          "%-4s  %s  [not run: %s]".formatted(absent.id(), absent.title(), absent.why());
    };
  }

  static String lines(Trial trial) {
    Attack.Live attack = trial.attack();
    return "%-4s%s %s%n       naive   %s%n       reseal  %s%s"
        .formatted(
            attack.id(),
            attack.starred() ? "*" : " ",
            attack.title(),
            naive(trial),
            words(trial.reseal()),
            trial.fault().map(fault -> "\n       FAULT   " + fault).orElse(""));
  }

  private static String naive(Trial trial) {
    return switch (trial.attack().baseline()) {
      case Baseline.Falls _ -> words(trial.naive().orElseThrow());
      case Baseline.CannotFall(String why) -> "nothing to attack: " + why;
    };
  }

  private static String words(Ending ending) {
    return switch (ending) {
      case Ending.Won(String what) -> "FELL: " + what;
      case Ending.Refused(String rule, String detail) -> "refused " + rule + ": " + detail;
      case Ending.Harmless(String what) -> "no effect: " + what;
    };
  }

  static String defence(Defence defence) {
    return switch (defence) {
      case Defence.Rule(String names) -> names;
      case Defence.NoEffect() -> "no effect";
    };
  }

  static Map<String, Object> facts(Attack attack) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("id", attack.id());
    facts.put("title", attack.title());
    switch (attack) {
      case Attack.Live live -> {
        facts.put("starred", live.starred());
        facts.put("rule", defence(live.defence()));
      }
      case Attack.Absent absent -> facts.put("not_run", absent.why());
    }
    return facts;
  }

  static Map<String, Object> facts(Trial trial) {
    Map<String, Object> facts = facts(trial.attack());
    facts.put("naive", naive(trial));
    facts.put("reseal", words(trial.reseal()));
    facts.put("ok", trial.fault().isEmpty());
    trial.fault().ifPresent(fault -> facts.put("fault", fault));
    return facts;
  }
}
