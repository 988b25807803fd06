package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Entry;
import dev.reseal.wire.LogEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToLongFunction;

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
    return new JournalReplay(phases).alone(entries);
  }

  /** A journal beside a log of which nothing tells what was in it when an entry was written. */
  List<String> together(List<Entry> entries, List<LogEvent> events) {
    return together(entries, events, _ -> events.size());
  }

  /**
   * A journal beside the log, and the log.
   *
   * @param logged how many events the log had when the entry was written
   */
  List<String> together(List<Entry> entries, List<LogEvent> events, ToLongFunction<Entry> logged) {
    List<String> wrong = new ArrayList<>(new JournalReplay(phases).beside(entries, events, logged));
    wrong.addAll(log(events));
    return wrong;
  }
}
