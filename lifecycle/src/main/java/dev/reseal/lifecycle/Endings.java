package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Facts.Noted;
import dev.reseal.lifecycle.View.Row;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import java.util.ArrayList;
import java.util.List;

/**
 * What whoever still waits for the newest operation hears when a survey shows what became of it.
 */
final class Endings {
  private Endings() {}

  static Bytes newest(Row row, Facts facts) {
    return facts.noted().map(Noted::opId).orElse(row.opId());
  }

  /** Nothing comes of it any more. */
  static Decision over(Situation situation, Facts facts, Outcome outcome) {
    List<Effect> effects = new ArrayList<>();
    facts.noted().ifPresent(noted -> effects.add(new Effect.Finish(noted.opId(), outcome)));
    return new Decision(situation, "", effects);
  }

  /** The same when the register names another operation, which goes on in its place. */
  static Decision replacing(Row row, Facts facts, Decision then) {
    if (facts.notedFor(row.opId()).isPresent()) {
      return then;
    }
    String other = "operation " + row.opId() + " took its place";
    Outcome replaced = new Outcome.Refused(new Denial(Code.FENCED, "REPLACED", other, 0, ""));
    List<Effect> effects = new ArrayList<>(then.effects());
    effects.addAll(over(then.next(), facts, replaced).effects());
    return new Decision(then.next(), then.failed(), effects);
  }

  /**
   * What is active serves. The register goes on naming an operation that was aborted: one that was
   * not noted to have come to the commit was.
   */
  static Effect serving(Row row, Facts facts) {
    boolean done =
        facts
            .notedFor(row.opId())
            .filter(noted -> row.kind() == Kind.REKEY || !noted.phase().before(Phase.COMMIT))
            .isPresent();
    return new Effect.Finish(
        newest(row, facts),
        done
            ? new Outcome.Done("finished after an interruption")
            : new Outcome.Aborted(
                new Cause("INTERRUPTED", "it was given up; what was active serves", "ask again")));
  }

  static Effect died(Row row, Facts facts) {
    return new Effect.Finish(
        newest(row, facts),
        new Outcome.Stopped(
            new Cause(
                "INSTANCE_DIED",
                "the active instance ended",
                "the supervisor takes over by itself: reseal status")));
  }
}
