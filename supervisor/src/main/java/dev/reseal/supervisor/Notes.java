package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Entry;
import dev.reseal.journal.Fact;
import dev.reseal.lifecycle.Facts.Noted;
import dev.reseal.lifecycle.Phase;
import dev.reseal.wire.Cbor;
import java.util.List;
import java.util.Optional;

/** What the journal says about the newest operation; a hint only. */
public final class Notes {
  private Notes() {}

  public static Optional<Noted> newest(List<Entry> entries) {
    Optional<Bytes> opId =
        entries.reversed().stream()
            .filter(e -> e.phase() != Phase.IDLE.number())
            .map(Entry::opId)
            .findFirst();
    return opId.map(op -> fold(op, entries.stream().filter(e -> e.opId().equals(op)).toList()));
  }

  private static Noted fold(Bytes opId, List<Entry> entries) {
    Noted noted =
        new Noted(
            opId,
            Phase.IDLE,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            "",
            0);
    boolean failed = false;
    for (Entry entry : entries) {
      if (entry.edge() == Entry.Edge.DONE && failed) {
        noted = forgiven(noted);
      }
      failed = failure(entry) || (failed && !followed(entry));
      noted = step(noted, entry);
    }
    return noted;
  }

  private static boolean failure(Entry entry) {
    return entry.edge() == Entry.Edge.FAILED && ofCandidate(Phase.of(entry.phase()));
  }

  /** Only what stopped ends a phase without another candidate: somebody said that it goes on. */
  private static boolean followed(Entry entry) {
    return entry.edge() == Entry.Edge.DONE || entry.phase() == Phase.CREATE.number();
  }

  private static boolean ofCandidate(Phase phase) {
    return !phase.before(Phase.CREATE) && phase.before(Phase.RESUME);
  }

  /** A restart now goes on as well, instead of stopping for failures of before. */
  private static Noted forgiven(Noted noted) {
    return new Noted(
        noted.opId(),
        noted.phase(),
        noted.body(),
        noted.receipt(),
        noted.ticket(),
        noted.ready(),
        "",
        0);
  }

  private static Noted step(Noted before, Entry entry) {
    Phase phase = Phase.of(entry.phase());
    Cbor.Map payload = entry.payload();
    boolean failed = entry.edge() == Entry.Edge.FAILED;
    boolean counts = failure(entry);
    String rule = counts ? rule(payload) : before.restoreCause();
    int failures =
        !counts
            ? before.restoreFailures()
            : rule.equals(before.restoreCause()) ? before.restoreFailures() + 1 : 1;
    return new Noted(
        before.opId(),
        phase,
        bytes(payload, Fact.BODY_ID).or(before::body),
        bytes(payload, Fact.RECEIPT).or(before::receipt),
        phase == Phase.QUIESCE || phase == Phase.PERMIT
            ? bytes(payload, Fact.ANSWER).or(before::ticket)
            : before.ticket(),
        ready(before, phase, failed, payload),
        rule,
        failures);
  }

  /** A ready counts until its candidate failed. */
  private static Optional<Bytes> ready(
      Noted before, Phase phase, boolean failed, Cbor.Map payload) {
    if (failed || phase == Phase.CREATE) {
      return Optional.empty();
    }
    return phase == Phase.COMMIT ? bytes(payload, Fact.ANSWER).or(before::ready) : before.ready();
  }

  private static String rule(Cbor.Map payload) {
    String text = payload.entries().get(Fact.ERROR) instanceof Cbor.Text(String value) ? value : "";
    int end = text.indexOf(": ");
    return end < 0 ? text : text.substring(0, end);
  }

  private static Optional<Bytes> bytes(Cbor.Map payload, long key) {
    return payload.entries().get(key) instanceof Cbor.Bin(Bytes value)
        ? Optional.of(value)
        : Optional.empty();
  }
}
