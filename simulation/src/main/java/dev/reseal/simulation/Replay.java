package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Entry;
import dev.reseal.lifecycle.Phase;
import dev.reseal.wire.LogEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Replays what was recorded from real code against the transition tables of {@code spec/}, from
 * which the model's actions are checked too. What it returns are the contradictions, in words.
 */
final class Replay {
  private static final Set<String> BEGINNINGS = Set.of("begin", "prepare", "takeover", "rekey");

  private final Table register;
  private final Table phases;
  private final Table instance;

  Replay(Table register, Table phases, Table instance) {
    this.register = register;
    this.phases = phases;
    this.instance = instance;
  }

  static Replay ofSpec() {
    return new Replay(Table.named("register"), Table.named("supervisor"), Table.named("instance"));
  }

  /** One move that an instance announced after it was told {@code input}. */
  record Move(String instance, String from, String to) {}

  /** Every announced move is a row of {@code spec/instance.vec}. */
  List<String> instances(List<Move> moves) {
    List<String> wrong = new ArrayList<>();
    for (Move move : moves) {
      if (instance.leading(move.from(), move.to()).isEmpty()) {
        wrong.add(
            "instance %s went from %s to %s, which no row of %s does"
                .formatted(move.instance(), move.from(), move.to(), instance));
      }
    }
    return wrong;
  }

  /**
   * What instances recorded of their own steps: each is its cell of {@code spec/instance.vec}, and
   * begins where the one before it ended, the first in BORN.
   */
  List<String> steps(List<Step> steps) {
    List<String> wrong = new ArrayList<>();
    Map<String, String> standing = new HashMap<>();
    for (Step step : steps) {
      String before = standing.getOrDefault(step.instance(), "BORN");
      if (!before.equals(step.from())) {
        wrong.add(
            "instance %s was in %s, then %s came in %s: the step between is not recorded"
                .formatted(step.instance(), before, step.message(), step.from()));
      }
      Optional<String> cell = instance.cell(step.message(), step.from());
      if (!cell.equals(Optional.of(step.to()))) {
        wrong.add(
            "instance %s: %s in %s led to %s, %s in %s"
                .formatted(
                    step.instance(),
                    step.message(),
                    step.from(),
                    step.to(),
                    cell.map(it -> "which is " + it).orElse("which is nowhere"),
                    instance));
      }
      standing.put(step.instance(), step.refused() ? step.from() : step.to());
    }
    return wrong;
  }

  /** The log of the authority, from its first entry on, all lineages. */
  List<String> log(List<LogEvent> events) {
    List<String> wrong = new ArrayList<>();
    Map<Bytes, Lineage> lineages = new HashMap<>();
    for (int i = 0; i < events.size(); i++) {
      LogEvent event = events.get(i);
      Lineage lineage =
          lineages.computeIfAbsent(event.operation().lineage(), _ -> new Lineage(register));
      int entry = i + 1;
      lineage.step(event).ifPresent(what -> wrong.add("log entry " + entry + ": " + what));
    }
    return wrong;
  }

  /** A lineage as its log tells it. */
  private static final class Lineage {
    private final Table table;
    private String state = "EMPTY";
    private boolean takeover;
    private long epoch;
    private long fence;
    private long gen;

    private Lineage(Table table) {
      this.table = table;
    }

    /** What contradicts the table or the counters of protocol 7; then the event is believed. */
    Optional<String> step(LogEvent event) {
      long nextEpoch = event.operation().epoch();
      long nextFence = event.operation().fence();
      boolean begins = BEGINNINGS.contains(event.name());
      boolean commits = event.name().equals("activate");
      Optional<String> wrong = Optional.empty();
      if (!event.name().equals("destroyed")
          && !table.next(row(event.name()), state).equals(Optional.of(event.state()))) {
        wrong =
            Optional.of(
                row(event.name())
                    + " led from "
                    + state
                    + " to "
                    + event.state()
                    + ", not as in "
                    + table);
      } else if (nextFence != fence + (begins ? 1 : 0)) {
        wrong = Optional.of(event.name() + " took the fence from " + fence + " to " + nextFence);
      } else if (nextEpoch != epoch + (commits ? 1 : 0)) {
        wrong = Optional.of(event.name() + " took the epoch from " + epoch + " to " + nextEpoch);
      } else if (event.gen() < gen || event.gen() > gen + 1) {
        wrong =
            Optional.of(event.name() + " took the generation from " + gen + " to " + event.gen());
      }
      takeover = begins ? event.name().equals("takeover") : takeover;
      state = event.state();
      epoch = nextEpoch;
      fence = nextFence;
      gen = event.gen();
      return wrong;
    }

    /** The table tells apart what the log calls by one name. */
    private String row(String name) {
      return switch (name) {
        case "abort" ->
            epoch == 0
                ? "abort-genesis"
                : takeover && state.equals("SEALED") ? "abort-takeover" : name;
        case "takeover" -> epoch == 0 ? "takeover-genesis" : name;
        default -> name;
      };
    }
  }

  /** A journal alone: phases follow each other as in {@code spec/supervisor.vec}. */
  List<String> journal(List<Entry> entries) {
    List<String> wrong = new ArrayList<>();
    Map<Bytes, Phase> newest = new HashMap<>();
    for (Entry entry : entries) {
      Phase phase = Phase.of(entry.phase());
      if (phase == Phase.IDLE) {
        continue;
      }
      Phase before = newest.put(entry.opId(), phase);
      boolean taken = phases.row("recovery").contains(phase.name());
      boolean follows = before != null && phases.row(before.name()).contains(phase.name());
      boolean starts = before == null && phases.row("first").contains(phase.name());
      if (!taken && !follows && !starts) {
        wrong.add(
            "journal entry %d: operation %s went from %s to %s, not as in %s"
                .formatted(
                    entry.seq(), entry.opId(), before == null ? "nothing" : before, phase, phases));
      }
    }
    return wrong;
  }

  /**
   * A journal beside the log: no phase from QUIESCE on without the permit of its operation (T22),
   * and nothing destroyed for a successor before the state was registered.
   */
  List<String> together(List<Entry> entries, List<LogEvent> events) {
    Set<Bytes> permitted = new HashSet<>();
    Set<Bytes> registered = new HashSet<>();
    for (LogEvent event : events) {
      if (BEGINNINGS.contains(event.name())) {
        permitted.add(event.operation().opId());
      }
      if (event.name().equals("register-seal")) {
        registered.add(event.operation().opId());
      }
    }
    List<String> wrong = new ArrayList<>(journal(entries));
    for (Entry entry : entries) {
      Phase phase = Phase.of(entry.phase());
      boolean asked = phase == Phase.RETIRE || phase.before(Phase.QUIESCE);
      if (!asked && !permitted.contains(entry.opId())) {
        wrong.add("journal entry " + entry.seq() + ": " + phase + " without a permit (T22)");
      }
      if (phase == Phase.DESTROY
          && entry.edge() == Entry.Edge.INTENT
          && !registered.contains(entry.opId())) {
        wrong.add("journal entry " + entry.seq() + ": DESTROY before the state was registered");
      }
    }
    wrong.addAll(log(events));
    return wrong;
  }
}
