package dev.reseal.authority;

import dev.reseal.authority.Ledger.Held;
import dev.reseal.authority.Store.AnswerKey;
import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.Core;
import dev.reseal.wire.Code;
import dev.reseal.wire.InstanceMessage;
import dev.reseal.wire.VerifyKey;
import java.util.Map;
import java.util.Optional;

/** What keeps a lineage from being served: a key that is lacking, a rollback that was witnessed. */
final class Barriers {
  private static final Bytes ZERO16 = Bytes.zeros(16);
  private static final Bytes ZERO32 = Bytes.zeros(32);

  private final Ledger ledger;
  private final VerifyKey authority;
  private final Map<Bytes, String> blocked;

  Barriers(Ledger ledger, VerifyKey authority, Map<Bytes, String> blocked) {
    this.ledger = ledger;
    this.authority = authority;
    this.blocked = Map.copyOf(blocked);
  }

  Map<Bytes, String> alarms() {
    return blocked;
  }

  void unblocked(Row row) {
    quarantined(row.lineage());
    String lacking = blocked.get(row.lineage());
    if (lacking != null) {
      throw Denied.of(Code.KEY_DESTROYED, "KEY_MISSING", lacking + "; only close is left");
    }
  }

  /** A head that accuses this register of having gone back stops it for good (14.2). */
  void witness(Held held, InstanceMessage message) {
    Optional<Bytes> head =
        switch (message) {
          case InstanceMessage.Renew renew -> renew.logHead();
          case InstanceMessage.SealReceipt receipt -> Core.decode(receipt.core()).logHead();
          case InstanceMessage.Checkpoint checkpoint -> Core.decode(checkpoint.core()).logHead();
          case InstanceMessage.Open _, InstanceMessage.GrantRequest _, InstanceMessage.Ready _ ->
              Optional.empty();
        };
    if (head.isPresent() && Witness.accuses(head.get(), authority, ledger.tail())) {
      ledger.keep(held, quarantine(), head.get());
      quarantined(held.row().lineage());
    }
  }

  private static AnswerKey quarantine() {
    return new AnswerKey(ZERO16, ZERO16, "quarantine", ZERO32);
  }

  void quarantined(Bytes lineage) {
    Denied.unless(
        ledger.store().answer(quarantine()).isEmpty(),
        Code.QUARANTINED,
        "QUARANTINED",
        "somebody remembers a log head that this register does not have; lineage "
            + lineage
            + " waits for the newer register");
  }
}
