package dev.reseal.authority;

import dev.reseal.authority.Store.AnswerKey;
import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Code;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Head;
import dev.reseal.wire.Limits;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.LogMessage;
import dev.reseal.wire.Passport;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The proof file of one operation from what was kept with its events (protocol 24). */
final class ProofAssembly {
  private static final long LOG_MOST = 65_536;
  private static final Bytes ZERO16 = Bytes.zeros(16);
  private static final Bytes ZERO32 = Bytes.zeros(32);

  private final Ledger ledger;
  private final SigningKey signer;

  ProofAssembly(Ledger ledger, SigningKey signer) {
    this.ledger = ledger;
    this.signer = signer;
  }

  /** {@code [proof_file, proof]}; refused while the operation is not committed. */
  Bytes assemble(Row row, Bytes opId) {
    Bytes lineage = row.lineage();
    Bytes passport =
        kept(lineage, opId, "exhibit-passport")
            .orElseThrow(() ->
                Denied.of(
                    Code.WRONG_STATE, "NOT_COMMITTED", "operation " + opId + " activated nobody"));
    Passport committed = Signed.verify(Passport.class, passport, signer.verifyKey()).message();
    List<Bytes> log = log(lineage, opId);
    Optional<Bytes> receipt = kept(lineage, opId, "exhibit-receipt");
    List<Cbor> evidence = new ArrayList<>();
    for (Bytes instance : instances(log.getFirst(), committed.instanceId())) {
      kept(lineage, ZERO16, "exhibit-evidence", instance)
          .ifPresent(both -> evidence.add(Cbor.decode(both)));
    }
    Bytes file =
        Cbor.map()
            .with(1, 1)
            .with(2, kept(lineage, opId, "exhibit-request").orElse(Bytes.EMPTY))
            .with(3, kept(lineage, opId, "exhibit-ticket"))
            .with(4, receipt)
            .with(5, new Cbor.Array(evidence))
            .with(6, passport)
            .with(7, kept(lineage, opId, "exhibit-essentials").orElse(Bytes.EMPTY))
            .with(8, Cbor.array(log, Cbor::of))
            .with(9, kept(lineage, opId, Ledger.RETIRED))
            .with(
                10,
                Cbor.array(kept(lineage, opId, "exhibit-collateral").stream().toList(), Cbor::of))
            .with(11, times(lineage, opId))
            .encode();
    Head head = new Head(lineage, opId, committed.head().fence(), committed.head().epoch());
    Bytes proof = Signed.sign(new LogMessage.Proof(head, file.sha256()), signer).cose();
    return Cbor.array(Cbor.of(file), Cbor.of(proof)).encode();
  }

  private Cbor times(Bytes lineage, Bytes opId) {
    return Stored.kept(ledger.store(), PhaseReports.key(lineage, opId))
        .map(Cbor::decode)
        .orElseGet(Cbor::map);
  }

  private Optional<Bytes> kept(Bytes lineage, Bytes opId, String type) {
    return kept(lineage, opId, type, ZERO32);
  }

  private Optional<Bytes> kept(Bytes lineage, Bytes opId, String type, Bytes digest) {
    return Stored.kept(ledger.store(), new AnswerKey(lineage, opId, type, digest));
  }

  /** The old instance, where the operation began with one, and the successor. */
  private static List<Bytes> instances(Bytes begun, Bytes successor) {
    List<Bytes> all = new ArrayList<>();
    event(begun).instanceId().ifPresent(all::add);
    if (!all.contains(successor)) {
      all.add(successor);
    }
    return all;
  }

  /**
   * From the first entry of the operation to its last, everything in between included: whole
   * entries of this lineage, payload digests of others.
   */
  private List<Bytes> log(Bytes lineage, Bytes opId) {
    long from = number(lineage, opId, Ledger.FROM);
    long until = number(lineage, opId, Ledger.UNTIL);
    Denied.unless(
        until - from < LOG_MOST,
        Code.UNAVAILABLE,
        "LOG_LENGTH",
        "the operation spans " + (until - from) + " log entries, at most " + LOG_MOST);
    return ledger.store().log(from, until).stream()
        .map(entry ->
            event(entry).operation().lineage().equals(lineage)
                ? entry
                : Cose.parse(entry, Limits.MESSAGE).payload().sha256())
        .toList();
  }

  /** Of an entry whose signature is this authority's own, made when it was written. */
  private static LogEvent event(Bytes entry) {
    return LogEvent.decode(Signed.peek(LogMessage.Entry.class, entry).event());
  }

  private long number(Bytes lineage, Bytes opId, String type) {
    return kept(lineage, opId, type)
        .map(bytes -> bytes.buffer().getLong())
        .orElseThrow(
            () -> Denied.of(Code.WRONG_STATE, "NO_SUCH_OPERATION", "no operation " + opId));
  }
}
