package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.LogMessage;
import dev.reseal.wire.Signed;
import dev.reseal.wire.VerifyKey;
import dev.reseal.wire.WireException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a start checks before anything is answered (protocol 14.2, 15, 23.2). */
final class StartUp {
  private static final int BATCH = 512;

  private final Ledger ledger;
  private final VerifyKey authority;
  private final Map<Bytes, Bytes> digests = new HashMap<>();

  StartUp(Ledger ledger, VerifyKey authority) {
    this.ledger = ledger;
    this.authority = authority;
  }

  /** What was found: the rows, and alarms about lineages that are blocked. */
  record Found(List<Row> rows, Map<Bytes, String> blocked) {}

  /** Throws {@link StoreException} that names what is damaged, missing or rolled back. */
  Found check(Essentials.Env env) {
    ledger.settle();
    log();
    List<Row> rows = new ArrayList<>();
    for (Bytes lineage : ledger.store().lineages()) {
      rows.add(row(lineage, env));
    }
    rowless(rows);
    newer(rows);
    return new Found(List.copyOf(rows), missing(rows));
  }

  /**
   * The chain from the first entry to the last, and what each lineage's row must be. The signature
   * of the newest entry covers all others by their hashes: a start need not verify each of them.
   */
  private void log() {
    Bytes hash = Bytes.zeros(32);
    long last = ledger.tail().seq();
    for (long from = 1; from <= last; from += BATCH) {
      long seq = from;
      for (Bytes message : ledger.store().log(from, Math.min(last, from + BATCH - 1))) {
        hash = entry(message, seq, seq == last, hash);
        seq++;
      }
      if (seq != Math.min(last, from + BATCH - 1) + 1) {
        throw new StoreException("the log has no entry " + seq);
      }
    }
    if (!hash.equals(ledger.tail().hash())) {
      throw new StoreException("the log's newest hash is not that of its entries");
    }
  }

  private Bytes entry(Bytes message, long seq, boolean newest, Bytes before) {
    try {
      LogMessage.Entry entry =
          newest
              ? Signed.verify(LogMessage.Entry.class, message, authority).message()
              : Signed.peek(LogMessage.Entry.class, message);
      if (entry.seq() != seq || !entry.previous().equals(before)) {
        throw new StoreException("log entry " + seq + " does not follow the one before");
      }
      LogEvent event = LogEvent.decode(entry.event());
      digests.put(event.operation().lineage(), entry.rowDigest());
      return entry.hash();
    } catch (WireException damaged) {
      throw new StoreException("log entry " + seq + " is damaged: " + damaged.detail(), damaged);
    }
  }

  private Row row(Bytes lineage, Essentials.Env env) {
    Bytes stored = ledger.store().row(lineage).orElseThrow().row();
    Row row = Ledger.decode(lineage, stored);
    Bytes logged = digests.getOrDefault(lineage, Bytes.EMPTY);
    if (!Ledger.durableDigest(stored).equals(logged)) {
      throw new StoreException(
          "the row of lineage "
              + lineage
              + " ("
              + row.policy().name()
              + ") is not the one in the log: digest "
              + Ledger.durableDigest(stored)
              + ", logged "
              + logged);
    }
    if (env == Essentials.Env.PROD && row.policy().demo()) {
      throw new StoreException(
          "lineage "
              + row.policy().name()
              + " is of env demo: an authority of env prod does not serve emulated platforms");
    }
    return row;
  }

  /** A lineage whose row is gone could be born again, at epoch 0 and beside its living instance. */
  private void rowless(List<Row> rows) {
    Set<Bytes> gone = new HashSet<>(digests.keySet());
    rows.forEach(row -> gone.remove(row.lineage()));
    if (!gone.isEmpty()) {
      throw new StoreException("the log knows lineages that have no row: " + gone);
    }
  }

  /**
   * The key store remembers operations too: a crash leaves keys of the next one at most, so others
   * that no row can know belong to a newer register, and without them its states are lost.
   */
  private void newer(List<Row> rows) {
    Map<String, Row> known = new HashMap<>();
    rows.forEach(row -> known.put(row.lineage().toHex(), row));
    for (String name : ledger.keys().names()) {
      if (name.equals(KeyNames.AUTHORITY)) {
        continue;
      }
      Row row = known.get(KeyNames.lineage(name));
      if (row == null) {
        throw new StoreException.Rollback(
            "the key store has " + name + ", of a lineage that the register lacks");
      }
      if (KeyNames.fence(name) > row.fence() + 1) {
        throw new StoreException.Rollback(
            "the key store has "
                + name
                + ", the register is at fence "
                + row.fence()
                + " of that lineage");
      }
    }
  }

  private Map<Bytes, String> missing(List<Row> rows) {
    Set<String> names = ledger.keys().names();
    Map<Bytes, String> blocked = new HashMap<>();
    for (Row row : rows) {
      for (String name : row.keys().names(row.lineage())) {
        if (!names.contains(name)) {
          blocked.put(row.lineage(), "the key store lacks " + name);
        }
      }
    }
    return blocked;
  }
}
