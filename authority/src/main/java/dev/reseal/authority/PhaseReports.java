package dev.reseal.authority;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.authority.Ledger.Held;
import dev.reseal.authority.Store.AnswerKey;
import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Limits;
import dev.reseal.wire.PhaseTimes;

/**
 * phase-times (transport T5), signed by a supervisor of the lineage: kept for the proof of the
 * operation, where they are evidence of nothing. The first report stays, so that a proof does not
 * change under whoever fetched it.
 */
final class PhaseReports {
  private static final String TYPE = "exhibit-times";

  private final Ledger ledger;

  PhaseReports(Ledger ledger) {
    this.ledger = ledger;
  }

  static AnswerKey key(Bytes lineage, Bytes opId) {
    return new AnswerKey(lineage, opId, TYPE, Bytes.zeros(32));
  }

  /** A repeat has no effect; a report about an operation that activated nobody is refused. */
  Reply report(Bytes message) {
    Cose envelope = Cose.parse(message, Limits.MESSAGE);
    PhaseTimes times = PhaseTimes.decode(envelope.payload());
    Held held = ledger.require(times.lineage());
    Policy policy = held.row().policy();
    envelope.verify(
        PhaseTimes.NAME, policy.supervisors().stream().map(Policy.Supervisor::key).toList());
    AnswerKey passport =
        new AnswerKey(times.lineage(), times.opId(), "exhibit-passport", Bytes.zeros(32));
    Denied.unless(
        ledger.store().answer(passport).isPresent(),
        Code.WRONG_STATE,
        "NOT_COMMITTED",
        "operation " + times.opId() + " activated nobody");
    AnswerKey key = key(times.lineage(), times.opId());
    if (ledger.store().answer(key).isEmpty()) {
      ledger.keep(held, key, Stored.answer(times.map().encode()));
    }
    return new Reply.Nothing();
  }
}
