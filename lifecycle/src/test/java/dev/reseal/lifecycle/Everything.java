package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One of every event, with every state, call, code, kind and alarm in it. */
final class Everything {
  private Everything() {}

  static List<Event> events() {
    List<Event> events = new ArrayList<>();
    for (String handle : List.of(Play.OLD, Play.NEW)) {
      instance(handle, events);
    }
    for (Kind kind : Kind.values()) {
      events.add(Play.asked(kind));
    }
    events.add(new Event.ResumeAsked(Play.OP));
    for (Call call : Call.values()) {
      events.add(Play.answered(call, "message"));
      events.add(new Event.Unanswered(call, "silent"));
      for (Code code : Code.values()) {
        events.add(Play.denied(call, code));
      }
    }
    for (Alarm alarm : Alarm.values()) {
      events.add(new Event.Elapsed(alarm, 0));
    }
    events.add(new Event.Fit());
    events.add(new Event.Unfit(new Cause("X", "x", "")));
    events.add(new Event.Kept(Play.BODY));
    events.add(new Event.NotKept(new Cause("X", "x", "")));
    events.add(new Event.Reclaimed(""));
    events.add(new Event.NotCreated(true, new Cause("EPC", "x", "")));
    events.add(new Event.NotCreated(false, new Cause("STILLBORN", "x", "")));
    surveys(events);
    return events;
  }

  /** Alarms count only with the current turn. */
  static Event fresh(Event event, long turn) {
    return event instanceof Event.Elapsed(Alarm alarm, _) ? new Event.Elapsed(alarm, turn) : event;
  }

  private static void instance(String handle, List<Event> events) {
    events.add(new Event.Born(handle));
    for (InstanceState state : InstanceState.values()) {
      events.add(new Event.Entered(handle, state));
    }
    events.add(new Event.PlatformChecked(handle, true));
    events.add(new Event.PlatformChecked(handle, false));
    events.add(new Event.DrainDeadline(handle, "DRAIN_DEADLINE"));
    events.add(new Event.Sealed(handle, Play.BODY, Play.RECEIPT));
    events.add(new Event.GrantAsked(handle, Bytes.EMPTY));
    events.add(new Event.Ready(handle, Optional.empty(), Bytes.ascii("ready")));
    events.add(new Event.RestoreFailed(handle, "SCHEMA", "x"));
    events.add(new Event.InstallFailed(handle, "x"));
    events.add(new Event.Serving(handle, 1));
    events.add(new Event.Installed(handle, 2));
    events.add(new Event.Checkpointed(handle, Play.BODY));
    events.add(new Event.AdviceRefused(handle, "finish", "FENCED"));
    events.add(new Event.Exited(handle));
    events.add(new Event.Created(handle));
    events.add(new Event.Destroyed(handle));
  }

  private static void surveys(List<Event> events) {
    for (View.State state : View.State.values()) {
      for (Kind kind : List.of(Kind.GENESIS, Kind.RESEAL, Kind.TAKEOVER)) {
        View.Row row = Play.row(state, kind, kind != Kind.GENESIS);
        events.add(new Event.Surveyed(row, Play.facts(Optional.empty())));
        for (InstanceState at : InstanceState.values()) {
          events.add(
              new Event.Surveyed(row, Play.facts(Optional.empty(), Play.found(Play.OLD, at))));
        }
      }
    }
    events.add(new Event.Surveyed(new View.Quarantined(), Play.facts(Optional.empty())));
    events.add(new Event.Surveyed(new View.Unreachable("x"), Play.facts(Optional.empty())));
    events.add(new Event.Surveyed(new View.Unknown(), Play.facts(Optional.empty())));
  }
}
