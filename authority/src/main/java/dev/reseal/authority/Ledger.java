package dev.reseal.authority;

import dev.reseal.authority.Decision.Accepted;
import dev.reseal.authority.Decision.Keep;
import dev.reseal.authority.Decision.NewKey;
import dev.reseal.authority.Store.AnswerKey;
import dev.reseal.authority.Store.Change;
import dev.reseal.authority.Store.LogRecord;
import dev.reseal.authority.Store.Tail;
import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Code;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Head;
import dev.reseal.wire.Limits;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.LogMessage;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;

/**
 * Store, key store and anchor in the order of protocol 14.2 and 15: keys durable, row and log entry
 * in one transaction, anchor, erasure; only then may anybody be answered.
 */
final class Ledger {
  /** Kept numbers of the first and the last log entry of an operation. */
  static final String FROM = "exhibit-from";

  static final String UNTIL = "exhibit-until";

  /** The retired message of which its proof tells. */
  static final String RETIRED = "exhibit-retired";

  private static final Bytes ZERO32 = Bytes.zeros(32);

  private final Store store;
  private final Anchor anchor;
  private final KeyStore keys;
  private final Erasure erasure;
  private final SigningKey signer;
  private final Carriers carriers;
  private final ParsedPolicies policies = new ParsedPolicies();
  private Tail tail;
  private Bytes logHead;
  private boolean settled;
  private final Set<Bytes> unerased = new HashSet<>();

  Ledger(Store store, Anchor anchor, KeyStore keys, SigningKey signer) {
    this.store = store;
    this.anchor = anchor;
    this.keys = keys;
    this.carriers = new Carriers(store);
    this.erasure = new Erasure(keys);
    this.signer = signer;
    this.tail = store.tail();
    this.logHead = head(tail);
  }

  /** A row and the version under which it may be replaced. */
  record Held(Row row, long version) {}

  Store store() {
    return store;
  }

  KeyStore keys() {
    return keys;
  }

  Carriers carriers() {
    return carriers;
  }

  Bytes logHead() {
    return logHead;
  }

  Tail tail() {
    return tail;
  }

  /**
   * Brings anchor and log together: at the start, and after a failure whose outcome is unknown.
   * Throws {@link StoreException} when the register is not the one that was anchored.
   */
  void settle() {
    if (settled) {
      return;
    }
    tail = store.tail();
    Optional<Anchor.Mark> mark = anchor.read();
    switch (Anchor.compare(tail, mark)) {
      case Anchor.Finding.Agree() -> {}
      case Anchor.Finding.Behind(var next) -> anchor.advance(mark, next);
      case Anchor.Finding.Rollback(String detail) -> throw new StoreException.Rollback(detail);
    }
    logHead = head(tail);
    settled = true;
  }

  /** What a commit leaves to erase is erased before it is answered, also if it failed at first. */
  void finish(Bytes lineage, long nowMs) {
    if (unerased.contains(lineage)) {
      row(lineage).ifPresent(held -> erase(held.row(), nowMs));
    }
  }

  /** Steps 2 and 3 of a retire; a closed lineage keeps its keys until no passport can be valid. */
  void erase(Row row, long nowMs) {
    if (erasure.sweep(row, nowMs) && !row.keys().destroying().isEmpty()) {
      write(require(row.lineage()).version(), Register.destroyed(row), Map.of(), nowMs);
    }
    unerased.remove(row.lineage());
  }

  private Bytes head(Tail at) {
    return Signed.sign(new LogMessage.LogHead(Head.LOG, at.seq(), at.hash()), signer).cose();
  }

  Optional<Held> row(Bytes lineage) {
    return store
        .row(lineage)
        .map(each -> new Held(decode(lineage, each.row(), policies::of), each.version()));
  }

  /** The row of a lineage that must exist. */
  Held require(Bytes lineage) {
    return row(lineage).orElseThrow(() -> unknown(lineage.toString()));
  }

  /** {@code lineage}: its id, or the name that nothing is called by. */
  static Denied unknown(String lineage) {
    return Denied.of(
        Code.LINEAGE_MISMATCH,
        "UNKNOWN_LINEAGE",
        "no lineage " + lineage + ": reseal authority policy apply FILE makes one");
  }

  static Bytes encode(Row row) {
    return Cbor.array(Cbor.of(RowCodec.encode(row)), Cbor.of(RowCodec.encode(row.lease())))
        .encode();
  }

  static Row decode(Bytes lineage, Bytes stored) {
    return decode(lineage, stored, PolicyFile::parse);
  }

  /** Names the row that cannot be read. */
  private static Row decode(
      Bytes lineage, Bytes stored, BiFunction<Bytes, Bytes, Policy> policies) {
    try {
      Fields both = Fields.ofArray(stored, "row");
      return both.end(
          RowCodec.decode(both.blob(0, 1 << 20), both.blob(1, Limits.MESSAGE), policies));
    } catch (RuntimeException damaged) {
      throw new StoreException("the row of lineage " + lineage + " is damaged", damaged);
    }
  }

  /** The part of a stored row whose digest is in the log. */
  static Bytes durableDigest(Bytes stored) {
    return Fields.ofArray(stored, "row").blob(0, 1 << 20).sha256();
  }

  Optional<Secret> key(String name) {
    return keys.get(name);
  }

  /** Keeps bytes beside a row that stays as it is, in a commit of its own. */
  void keep(Held held, AnswerKey key, Bytes stored) {
    Row row = held.row();
    store.commit(
        new Change(
            row.lineage(),
            row.policy().name(),
            held.version(),
            encode(row),
            List.of(),
            Map.of(key, stored)));
  }

  /**
   * One event. {@code kept} are stored answers besides those of the decision.
   *
   * @param version under which the row was read; 0 for a birth
   */
  void commit(long version, Accepted accepted, Map<AnswerKey, Bytes> kept, long nowMs) {
    if (accepted.event().isEmpty()) {
      write(version, accepted, kept, nowMs);
      return;
    }
    unerased.add(accepted.row().lineage());
    write(version, accepted, kept, nowMs);
    erase(accepted.row(), nowMs);
  }

  private void write(long version, Accepted accepted, Map<AnswerKey, Bytes> kept, long nowMs) {
    settled = false;
    Row row = accepted.row();
    Bytes encoded = encode(row);
    decode(row.lineage(), encoded, policies::of); // else no start could read it
    make(accepted.make());
    List<LogRecord> log =
        accepted.event().map(event -> List.of(entry(event, row, nowMs))).orElse(List.of());
    Map<AnswerKey, Bytes> keep = new HashMap<>(kept);
    for (Keep each : accepted.keep()) {
      AnswerKey key = new AnswerKey(row.lineage(), each.opId(), each.type(), each.digest());
      keep.put(key, Stored.answer(each.body()));
      carriers.index(row.lineage(), key, each.carries(), keep);
    }
    accepted.event().ifPresent(event -> extent(event, row, keep));
    accepted.revoke().forEach(name -> carriers.revoke(row.lineage(), name, keep));
    store.commit(new Change(row.lineage(), row.policy().name(), version, encoded, log, keep));
    if (!log.isEmpty()) {
      Tail before = tail;
      tail = new Tail(log.getFirst().seq(), log.getFirst().hash(), before.hash());
      Optional<Anchor.Mark> from =
          before.seq() == 0
              ? Optional.empty()
              : Optional.of(new Anchor.Mark(before.seq(), before.hash()));
      anchor.advance(from, new Anchor.Mark(tail.seq(), tail.hash()));
      logHead = head(tail);
    }
    settled = true;
  }

  /** Notes between which log entries a proof of the operation reaches. */
  private void extent(LogEvent event, Row row, Map<AnswerKey, Bytes> keep) {
    Bytes seq = Stored.answer(Bytes.u64(tail.seq() + 1));
    switch (event.name()) {
      case "begin", "prepare", "takeover" ->
          keep.put(new AnswerKey(row.lineage(), event.operation().opId(), FROM, ZERO32), seq);
      case "activate" ->
          keep.put(new AnswerKey(row.lineage(), event.operation().opId(), UNTIL, ZERO32), seq);
      case "retire" ->
          row.incumbent().ifPresent(active -> retired(row.lineage(), active.opId(), seq, keep));
      default -> {}
    }
  }

  /** The first retire that names keys is it: later ones would draw the log since into the proof. */
  private void retired(Bytes lineage, Bytes opId, Bytes seq, Map<AnswerKey, Bytes> keep) {
    AnswerKey retired = new AnswerKey(lineage, opId, RETIRED, ZERO32);
    if (store.answer(retired).isPresent()) {
      keep.remove(retired);
    } else if (keep.containsKey(retired)) {
      keep.put(new AnswerKey(lineage, opId, UNTIL, ZERO32), seq);
    }
  }

  private void make(List<NewKey> made) {
    for (NewKey each : made) {
      try (Secret key = each.key()) {
        // One of this name is left from a commit that failed: no row has named it.
        keys.destroy(each.name());
        keys.put(each.name(), key);
      }
    }
  }

  private LogRecord entry(LogEvent event, Row row, long nowMs) {
    LogMessage.Entry entry =
        new LogMessage.Entry(
            Head.LOG,
            tail.seq() + 1,
            tail.hash(),
            event.encode(),
            RowCodec.encode(row).sha256(),
            nowMs);
    return new LogRecord(entry.seq(), entry.hash(), Signed.sign(entry, signer).cose());
  }
}
