package dev.reseal.supervisor;

import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Situation;
import dev.reseal.lifecycle.View;
import java.util.function.Consumer;

/**
 * What stands in the way of a supervisor that goes on trying: for whoever asks for its status or
 * follows an operation. An operation may wait for days.
 */
final class Obstacle {
  private final Consumer<String> followers;
  private volatile String met = "";
  private String told = "";

  Obstacle(Consumer<String> followers) {
    this.followers = followers;
  }

  /** Empty when nothing does. */
  String met() {
    return met;
  }

  /** Whoever follows is told once in a phase: it may come back at each try. */
  synchronized void meet(String what) {
    met = what;
    if (!what.equals(told)) {
      told = what;
      followers.accept(what);
    }
  }

  private synchronized void goOn() {
    met = "";
    told = "";
  }

  /** To be told of an event and of where it led. */
  void heard(Situation before, Event event, Situation after) {
    boolean waits =
        switch (after) {
          case Situation.Unsettled _, Situation.Running _, Situation.BackingOut _ ->
              Situation.phase(before) == Situation.phase(after);
          case Situation.Unborn _, Situation.Idle _, Situation.Halted _, Situation.Aside _ -> false;
        };
    if (!waits) {
      goOn();
      return;
    }
    switch (event) {
      case Event.Denied(var call, var denial) -> meet(call + ": " + denial.cause());
      case Event.Unanswered(var call, String detail) -> meet(call + ": " + detail);
      case Event.NotCreated(_, var cause) -> meet(cause.toString());
      case Event.NotKept(var cause) -> meet(cause.toString());
      case Event.Surveyed(View.Unreachable(String detail), _) -> meet(detail);
      case Event.Answered _, Event.Created _, Event.Kept _, Event.Surveyed _ -> met = "";
      case Event.FromOperator _,
          Event.FromInstance _,
          Event.Fit _,
          Event.Unfit _,
          Event.Destroyed _,
          Event.Reclaimed _,
          Event.Elapsed _ -> {
        // none of them is an answer to what is tried again
      }
    }
  }
}
