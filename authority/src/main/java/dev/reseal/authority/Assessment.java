package dev.reseal.authority;

import dev.reseal.authority.Store.AnswerKey;
import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Limits;
import dev.reseal.wire.WireError;
import java.time.Instant;
import java.util.Optional;

/**
 * Judges the evidence of a lineage: while a permit lives with the collateral that it pinned, else
 * with what is current (protocol 7). So a verifier that is down does not strand a state between two
 * instances; what policy says now counts either way.
 */
final class Assessment {
  /** Under this name the collateral of a permit is kept. */
  static final String PIN = "pinned-collateral";

  private static final Bytes ZERO16 = Bytes.zeros(16);
  private static final Bytes ZERO32 = Bytes.zeros(32);

  private final Store store;
  private final EvidenceJudge judge;
  private final Clocks clocks;

  Assessment(Store store, EvidenceJudge judge, Clocks clocks) {
    this.store = store;
    this.judge = judge;
    this.clocks = clocks;
  }

  EvidenceJudge.Verdict judge(Row row, Bytes evidence) {
    Instant now = Instant.ofEpochMilli(clocks.wallMs());
    Optional<Operation> permitted =
        row.operation().filter(operation -> operation.ticketDigest().isPresent());
    Optional<Bytes> pin =
        permitted
            .filter(operation -> now.toEpochMilli() <= operation.permitUntilMs())
            .flatMap(operation -> kept(row, operation.opId(), PIN, ZERO32));
    if (pin.isPresent()) {
      EvidenceJudge.Verdict pinned = judge.judgePinned(evidence, row.policy(), now, pin.get());
      if (!unavailable(pinned)) {
        return pinned;
      }
    }
    EvidenceJudge.Verdict current = judge.judge(evidence, row.policy(), now);
    return permitted.isPresent() && unavailable(current)
        ? expired(permitted.get(), current)
        : current;
  }

  /** The evidence that an instance was granted on, judged again by what is known now. */
  Optional<EvidenceJudge.Verdict> again(Row row, Bytes instanceId) {
    return kept(row, ZERO16, "exhibit-evidence", instanceId)
        .map(stored -> {
          Fields both = Fields.ofArray(stored, "evidence");
          both.blob(0, Limits.CORE);
          return judge(row, both.blob(1, Limits.GRANT_REQUEST));
        });
  }

  private Optional<Bytes> kept(Row row, Bytes opId, String type, Bytes digest) {
    return Stored.kept(store, new AnswerKey(row.lineage(), opId, type, digest));
  }

  private static boolean unavailable(EvidenceJudge.Verdict verdict) {
    return switch (verdict) {
      case EvidenceJudge.Verdict.Genuine _ -> false;
      case EvidenceJudge.Verdict.Refused(WireError error) -> error.code() == Code.UNAVAILABLE;
    };
  }

  /** Fails closed until there is collateral again; the operation then goes on. */
  private static EvidenceJudge.Verdict expired(Operation operation, EvidenceJudge.Verdict current) {
    String why =
        current instanceof EvidenceJudge.Verdict.Refused(WireError error)
            ? error.rule() + ": " + error.detail()
            : "";
    return new EvidenceJudge.Verdict.Refused(
        Denied.of(
                Code.PERMIT_EXPIRED,
                "the permit pinned collateral until "
                    + Instant.ofEpochMilli(operation.permitUntilMs())
                    + ", and current collateral cannot judge ("
                    + why
                    + ")")
            .error());
  }
}
