package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A supervisor without a host: feed events, look at orders. */
final class Play {
  static final Bytes OP = Bytes.hex("0102030405060708090a0b0c0d0e0f10");
  static final Bytes REQUEST = Bytes.ascii("request");
  static final Bytes TICKET = Bytes.ascii("ticket");
  static final Bytes BODY = Bytes.ascii("body").sha256();
  static final Bytes RECEIPT = Bytes.ascii("receipt");
  static final String OLD = "old";
  static final String NEW = "new";

  private final Lifecycle lifecycle = new Lifecycle(Limits.DEFAULT);
  private Situation situation;
  private List<Effect> last = List.of();
  private final List<Effect> all = new ArrayList<>();

  Play(Situation situation) {
    this.situation = situation;
  }

  static Play idle() {
    return new Play(new Situation.Idle(OLD));
  }

  Play on(Event... events) {
    for (Event event : events) {
      Decision decision = lifecycle.decide(situation, event);
      situation = decision.next();
      last = decision.effects();
      all.addAll(last);
    }
    return this;
  }

  Situation situation() {
    return situation;
  }

  Phase phase() {
    return Situation.phase(situation);
  }

  List<Effect> last() {
    return last;
  }

  List<Effect> all() {
    return all;
  }

  List<Outcome> outcomes() {
    return all.stream()
        .flatMap(e -> e instanceof Effect.Finish(_, Outcome o) ? List.of(o).stream() : null)
        .toList();
  }

  /** How an operation ended, as often as somebody was told. */
  List<Outcome> finished(Bytes opId) {
    return all.stream()
        .filter(e -> e instanceof Effect.Finish finish && finish.opId().equals(opId))
        .map(e -> ((Effect.Finish) e).outcome())
        .toList();
  }

  /** Of the operation that runs; 0 when none does. */
  long turn() {
    return situation() instanceof Situation.Running(Run run) ? run.turn() : 0;
  }

  /** The newest order to wait for this. */
  Effect.Wait waiting(Alarm alarm) {
    return all.reversed().stream()
        .filter(e -> e instanceof Effect.Wait wait && wait.alarm() == alarm)
        .map(Effect.Wait.class::cast)
        .findFirst()
        .orElseThrow();
  }

  static Event asked(Kind kind) {
    return new Event.Asked(kind, OP, REQUEST);
  }

  static Event answered(Call call, String message) {
    return new Event.Answered(call, OP, 7, Bytes.ascii(message));
  }

  static Event denied(Call call, Code code) {
    return new Event.Denied(call, new Denial(code, code.name(), "as asked", 250, ""));
  }

  static Event sealed() {
    return new Event.Sealed(OLD, BODY, RECEIPT);
  }

  /** Up to the given phase of a re-seal that goes well. */
  static Play reseal(Phase upTo) {
    Play play = idle();
    List<Event> way =
        List.of(
            asked(Kind.RESEAL),
            new Event.Fit(),
            new Event.PlatformChecked(OLD, true),
            answered(Call.BEGIN, "ticket"),
            new Event.Entered(OLD, InstanceState.LOCKED),
            sealed(),
            new Event.Kept(BODY),
            answered(Call.REGISTER, ""),
            new Event.Destroyed(OLD),
            new Event.Reclaimed(""),
            new Event.Created(NEW),
            new Event.Born(NEW),
            answered(Call.CHALLENGE, "challenge"),
            new Event.GrantAsked(NEW, Bytes.ascii("evidence")),
            answered(Call.GRANT, "grant"),
            new Event.Ready(NEW, Optional.empty(), Bytes.ascii("ready")),
            answered(Call.ACTIVATE, "activation"),
            new Event.Serving(NEW, 4711),
            new Event.Checkpointed(NEW, BODY));
    for (Event event : way) {
      if (play.phase() == upTo) {
        return play;
      }
      play.on(event);
    }
    return play;
  }

  static View.Row row(View.State state, Kind kind, boolean head) {
    return new View.Row(
        state,
        kind,
        OP,
        7,
        Optional.of(id(OLD)),
        true,
        head ? Optional.of(BODY) : Optional.empty());
  }

  static Bytes id(String handle) {
    return Bytes.ascii(handle).sha256();
  }

  static Facts.Found found(String handle, InstanceState state) {
    return new Facts.Found(handle, Optional.of(id(handle)), state);
  }

  static Facts facts(Optional<Facts.Noted> noted, Facts.Found... instances) {
    return new Facts(List.of(instances), Set.of(BODY), noted);
  }

  static Facts.Noted noted(Phase phase, boolean receipt, boolean ticket, boolean ready, int fails) {
    return new Facts.Noted(
        OP,
        phase,
        receipt ? Optional.of(BODY) : Optional.empty(),
        receipt ? Optional.of(RECEIPT) : Optional.empty(),
        ticket ? Optional.of(TICKET) : Optional.empty(),
        ready ? Optional.of(Bytes.ascii("ready")) : Optional.empty(),
        "SCHEMA",
        fails);
  }
}
