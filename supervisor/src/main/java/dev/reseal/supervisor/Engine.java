package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Entry;
import dev.reseal.journal.Fact;
import dev.reseal.journal.Journal;
import dev.reseal.lifecycle.Decision;
import dev.reseal.lifecycle.Effect;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Lifecycle;
import dev.reseal.lifecycle.Phase;
import dev.reseal.lifecycle.Run;
import dev.reseal.lifecycle.Situation;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Kind;
import java.util.Optional;

/**
 * One step of a supervisor: event, decision, note, orders (protocol 9.2). The note is durable
 * before the first order that touches the world. Used by one thread.
 */
public final class Engine {
  /** Entries after which an idle supervisor begins a new journal. */
  private static final int ENTRIES_MAX = 4_096;

  private static final int STORED_MAX = 48 * 1024;

  private final Lifecycle lifecycle;
  private final Journal journal;
  private final Effects effects;
  private final Observer observer;
  private Situation situation = new Situation.Unsettled(false);
  private Optional<Intent> newest = Optional.empty();

  /** What the newest entry of the journal announces. */
  private record Intent(Bytes opId, Phase phase, Cbor.Map payload) {}

  public Engine(Lifecycle lifecycle, Journal journal, Effects effects, Observer observer) {
    this.lifecycle = lifecycle;
    this.journal = journal;
    this.effects = effects;
    this.observer = observer;
  }

  public Situation situation() {
    return situation;
  }

  public void start() {
    apply(lifecycle.start());
  }

  public void handle(Event event) {
    apply(lifecycle.decide(situation, event));
  }

  private void apply(Decision decision) {
    Situation from = situation;
    note(from, decision);
    situation = decision.next();
    observer.changed(from, situation, decision.failed());
    for (Effect effect : decision.effects()) {
      effects.perform(effect);
    }
  }

  private void note(Situation from, Decision decision) {
    Situation to = decision.next();
    Phase left = Situation.phase(from);
    boolean failed = !decision.failed().isEmpty();
    if (left != Phase.IDLE && (left != Situation.phase(to) || failed)) {
      Cbor.Map payload = failed ? Cbor.map().with(Fact.ERROR, clip(decision.failed())) : Cbor.map();
      journal.result(
          opId(from), left.number(), failed ? Entry.Edge.FAILED : Entry.Edge.DONE, payload);
      newest = Optional.empty();
    }
    if (decision.effects().stream().anyMatch(Effect::outward)) {
      intend(new Intent(opId(to), Situation.phase(to), payload(to)));
    } else if (to instanceof Situation.Idle && journal.entries().size() > ENTRIES_MAX) {
      journal.forget();
      newest = Optional.empty();
    }
  }

  /** Once for all repetitions: an operation may wait for days. */
  private void intend(Intent intent) {
    if (!newest.equals(Optional.of(intent))) {
      journal.intent(intent.opId(), intent.phase().number(), intent.payload());
      newest = Optional.of(intent);
    }
  }

  private static String clip(String text) {
    return text.length() > 1_000 ? text.substring(0, 1_000) : text;
  }

  private static Bytes opId(Situation situation) {
    return Situation.run(situation).map(Run::opId).orElse(Bytes.zeros(16));
  }

  private static Cbor.Map payload(Situation situation) {
    return Situation.run(situation).map(Engine::payload).orElse(Cbor.map());
  }

  private static Cbor.Map payload(Run run) {
    Cbor.Map payload = Cbor.map().with(Fact.FENCE, run.fence());
    if (run.body().isPresent()) {
      payload = payload.with(Fact.BODY_ID, run.body().get());
    }
    if (run.candidate().isPresent()) {
      payload = payload.with(Fact.HANDLE, run.candidate().get());
    }
    boolean rekey = run.kind() == Kind.REKEY && run.phase() == Phase.PERMIT;
    boolean repeatable = rekey || run.phase() == Phase.QUIESCE || run.phase() == Phase.COMMIT;
    Optional<Bytes> stored = run.stored().filter(m -> repeatable && m.size() <= STORED_MAX);
    if (stored.isPresent()) {
      payload = payload.with(Fact.ANSWER, stored.get());
    }
    Optional<Bytes> receipt =
        run.receipt().filter(m -> run.phase() == Phase.PERSIST && m.size() <= STORED_MAX);
    return receipt.isPresent() ? payload.with(Fact.RECEIPT, receipt.get()) : payload;
  }
}
