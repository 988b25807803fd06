package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Cause;
import dev.reseal.lifecycle.Denial;
import dev.reseal.lifecycle.ExitCode;
import dev.reseal.lifecycle.Outcome;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import java.util.Optional;

/**
 * How an operation ended, as the control socket says it (transport T6).
 *
 * @param exitCode that the command should end with
 * @param word DONE, ABORTED_SAFELY, BLOCKED, HOLD_OVER, REFUSED or STOPPED
 * @param gapMicros how long new connections were held; 0 when none were
 * @param row epoch, fence and generation afterwards, if the authority could be asked
 */
public record Summary(
    int exitCode,
    String word,
    String rule,
    String detail,
    String next,
    long gapMicros,
    long totalMicros,
    Optional<Row> row) {

  private static final String DONE = "DONE";
  private static final String TAKING_OVER = "TAKING_OVER";

  /** The register afterwards. */
  public record Row(long epoch, long fence, long gen, Bytes mrenclave) {}

  /** Done, and its instance ended at once. */
  public boolean takingOver() {
    return rule.equals(TAKING_OVER);
  }

  static Summary of(Outcome outcome, Stopwatch.Times times, Optional<Row> row) {
    return switch (outcome) {
      case Outcome.Done(String note) -> make(outcome, DONE, cause("", note), times, row);
      case Outcome.TakingOver(String note) ->
          make(outcome, DONE, cause(TAKING_OVER, note), times, row);
      case Outcome.Aborted(Cause c) -> make(outcome, "ABORTED_SAFELY", c, times, row);
      case Outcome.Blocked(Cause c) -> make(outcome, "BLOCKED", c, times, row);
      case Outcome.HoldOver(Cause c) -> make(outcome, "HOLD_OVER", c, times, row);
      case Outcome.Refused(Denial d) -> make(outcome, "REFUSED", d.cause(), times, row);
      case Outcome.Stopped(Cause c) -> make(outcome, "STOPPED", c, times, row);
    };
  }

  private static Cause cause(String rule, String detail) {
    return new Cause(rule, detail, "");
  }

  private static Summary make(
      Outcome outcome, String word, Cause cause, Stopwatch.Times times, Optional<Row> row) {
    return new Summary(
        ExitCode.of(outcome).number(),
        word,
        cause.rule(),
        cause.detail(),
        cause.next(),
        times.gapMicros(),
        times.totalMicros(),
        row);
  }

  Cbor encode() {
    Cbor.Map map =
        Cbor.map()
            .with(1, exitCode)
            .with(2, word)
            .with(3, rule)
            .with(4, detail)
            .with(5, next)
            .with(6, gapMicros)
            .with(7, totalMicros);
    return row.map(r ->
            map.with(
                8,
                Cbor.array(
                    Cbor.of(r.epoch()),
                    Cbor.of(r.fence()),
                    Cbor.of(r.gen()),
                    Cbor.of(r.mrenclave()))))
        .orElseGet(() -> map.with(8, Cbor.nil()));
  }

  public static Summary decode(Cbor item) {
    Fields fields = Fields.ofMap(item, "summary");
    Optional<Row> row =
        fields.any(8) instanceof Cbor.Null ? Optional.empty() : Optional.of(row(fields.nested(8)));
    return fields.end(
        new Summary(
            (int) fields.uint(1, 0, 255),
            fields.text(2),
            fields.text(3),
            fields.text(4),
            fields.text(5),
            fields.uint(6),
            fields.uint(7),
            row));
  }

  private static Row row(Fields fields) {
    return fields.end(new Row(fields.uint(0), fields.uint(1), fields.uint(2), fields.bytes(3, 32)));
  }
}
