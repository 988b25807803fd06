package dev.reseal.attack;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.instance.Outcome;
import dev.reseal.wire.Code;
import dev.reseal.wire.WireError;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Endings read from what was really answered. */
final class Endings {
  private Endings() {}

  /** What the authority made of a message; {@code gain} is what an answer would be worth. */
  static Ending of(Reply reply, String gain) {
    return switch (reply) {
      case Reply.Refused(WireError error) ->
          new Ending.Refused(name(error.code(), error.rule()), error.detail());
      case Reply.Answer _, Reply.Nothing _ -> new Ending.Won(gain);
      case Reply.Unknown() -> new Ending.Refused("UNKNOWN_CALL", "the authority has no such call");
    };
  }

  /** What an instance made of a message. */
  static Ending of(Outcome outcome, String gain) {
    return switch (outcome) {
      case Outcome.Refused refused ->
          new Ending.Refused(name(refused.code(), refused.rule()), refused.detail());
      case Outcome.Done _ -> new Ending.Won(gain);
    };
  }

  /** The code of the wire and, where it says more, the rule behind it. */
  static String name(Code code, String rule) {
    return code.name().equals(rule) ? rule : code.name() + "/" + rule;
  }

  /** Several tries that all have to be refused: the rules in the order in which they were met. */
  static Ending all(List<Ending> endings) {
    Set<String> rules = new LinkedHashSet<>();
    List<String> details = new ArrayList<>();
    for (Ending ending : endings) {
      switch (ending) {
        case Ending.Won won -> {
          return won;
        }
        case Ending.Harmless harmless -> {
          return harmless;
        }
        case Ending.Refused(String rule, String detail) -> {
          rules.add(rule);
          details.add(detail);
        }
      }
    }
    return new Ending.Refused(String.join(", ", rules), String.join("; ", details));
  }
}
