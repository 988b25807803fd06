package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Entry;
import dev.reseal.lifecycle.Phase;
import dev.reseal.wire.LogEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * One journal against {@code spec/supervisor.vec}, entry by entry: the phase that stood is the one
 * that a result is about and the one that the next follows.
 */
final class JournalReplay {
  private final Table phases;
  private final List<String> wrong = new ArrayList<>();
  private final Set<Bytes> known = new HashSet<>();
  private Optional<Entry> newest = Optional.empty();

  JournalReplay(Table phases) {
    this.phases = phases;
  }

  /** What contradicts the table, in words. */
  List<String> alone(List<Entry> entries) {
    entries.forEach(this::step);
    return wrong;
  }

  /**
   * The same, and no phase before the authority's word for it (T22).
   *
   * @param logged how many events the log had when the entry was written
   */
  List<String> beside(List<Entry> entries, List<LogEvent> log, ToLongFunction<Entry> logged) {
    alone(entries);
    for (Entry entry : entries) {
      Phase phase = Phase.of(entry.phase());
      List<String> after = after(phase);
      boolean given =
          log.stream()
              .limit(logged.applyAsLong(entry))
              .filter(event -> event.operation().opId().equals(entry.opId()))
              .anyMatch(event -> after.contains(event.name()));
      if (!after.isEmpty() && !given) {
        wrong.add(
            "journal entry %d: %s of %s before the authority logged %s for it (T22)"
                .formatted(entry.seq(), phase, entry.opId(), String.join(" or ", after)));
      }
    }
    return wrong;
  }

  private List<String> after(Phase phase) {
    String cell = phase == Phase.IDLE ? "-" : phases.row(phase.name()).getFirst();
    return cell.equals("-") ? List.of() : Arrays.asList(cell.split("\\|"));
  }

  private void step(Entry entry) {
    if (newest.isPresent() && entry.seq() != newest.get().seq() + 1) {
      say(entry, "the one before it is " + newest.get().seq());
    }
    if (Phase.of(entry.phase()) == Phase.IDLE) {
      if (entry.edge() != Entry.Edge.INTENT || !entry.opId().equals(Bytes.zeros(16))) {
        say(entry, "a result, or an operation, in no phase");
      }
    } else if (!in("recovery", entry) && !follows(entry)) {
      say(
          entry,
          "%s of %s after %s, not as in %s"
              .formatted(
                  words(entry), entry.opId(), newest.map(this::words).orElse("nothing"), phases));
    }
    known.add(entry.opId());
    newest = Optional.of(entry);
  }

  private void say(Entry entry, String what) {
    wrong.add("journal entry " + entry.seq() + ": " + what);
  }

  private String words(Entry entry) {
    String phase = Phase.of(entry.phase()).name();
    return switch (entry.edge()) {
      case INTENT -> phase;
      case DONE -> phase + " done";
      case FAILED -> phase + " failed";
    };
  }

  private boolean in(String row, Entry entry) {
    List<String> cells = phases.row(row);
    return cells.subList(1, cells.size()).contains(Phase.of(entry.phase()).name());
  }

  private boolean follows(Entry entry) {
    if (!known.contains(entry.opId())) {
      return begins(entry);
    }
    Entry before = newest.orElseThrow();
    boolean same = before.opId().equals(entry.opId());
    return (same && goesOn(before, entry)) || (over(before) && in("again", entry));
  }

  /** Whether nothing need be under way after this entry. */
  private boolean over(Entry before) {
    return switch (before.edge()) {
      case INTENT -> Phase.of(before.phase()) == Phase.IDLE;
      case DONE -> in("last", before);
      case FAILED -> true;
    };
  }

  private boolean goesOn(Entry before, Entry entry) {
    boolean stays = before.phase() == entry.phase();
    return switch (before.edge()) {
      case INTENT -> stays;
      case DONE -> !stays && in(Phase.of(before.phase()).name(), entry);
      case FAILED -> in(Phase.of(before.phase()).name(), entry);
    };
  }

  /** A takeover's own op_id comes with the answer to the PERMIT of another; the rest is asked. */
  private boolean begins(Entry entry) {
    boolean taken = Phase.of(entry.phase()) == Phase.CREATE;
    boolean asked = newest.map(before -> before.edge() != Entry.Edge.INTENT).orElse(false);
    boolean permit = newest.filter(b -> Phase.of(b.phase()) == Phase.PERMIT).isPresent();
    return in("first", entry) && (!taken || (asked && permit));
  }
}
