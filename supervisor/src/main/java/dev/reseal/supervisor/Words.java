package dev.reseal.supervisor;

import dev.reseal.lifecycle.Situation;

/** Situations in the words of status. */
final class Words {
  private Words() {}

  static String of(Situation situation) {
    return switch (situation) {
      case Situation.Unsettled _ -> "UNSETTLED";
      case Situation.Unborn _ -> "UNBORN";
      case Situation.Idle _ -> "IDLE";
      case Situation.Running _ -> "RUNNING";
      case Situation.BackingOut _ -> "BACKING_OUT";
      case Situation.Halted _ -> "HALTED";
      case Situation.Aside _ -> "ASIDE";
    };
  }

  /** {@code obstacle}: what stands in its way, or empty. */
  static String detail(Situation situation, String obstacle) {
    return switch (situation) {
      case Situation.Unsettled _ -> "comparing with the authority" + waits(obstacle);
      case Situation.Unborn _ -> "no instance yet";
      case Situation.Idle _ -> "";
      case Situation.Running(var run) -> run.kind().wireName() + " " + run.opId() + waits(obstacle);
      case Situation.BackingOut(_, var cause, _, _) -> cause + waits(obstacle);
      case Situation.Halted(_, var cause) -> cause.toString();
      case Situation.Aside(var cause) -> cause.toString();
    };
  }

  private static String waits(String obstacle) {
    return obstacle.isEmpty() ? "" : "; waits: " + obstacle;
  }
}
