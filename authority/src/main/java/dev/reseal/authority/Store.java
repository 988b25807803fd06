package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Rows, log and kept answers of the register. Rows are opaque here; one {@link Change} is one
 * transaction, durable when {@link #commit} returns. It holds no key.
 */
public interface Store extends AutoCloseable {
  /** A row and the number of times it was written. */
  record Versioned(Bytes row, long version) {}

  /** Under what an answer is kept and repeated byte for byte (protocol 6.3). */
  record AnswerKey(Bytes lineage, Bytes opId, String type, Bytes payloadDigest) {}

  /** One log entry: its number, the hash of the log with it, the signed message. */
  record LogRecord(long seq, Bytes hash, Bytes entry) {}

  /** The newest log entry; number 0 and zeros when there is none. */
  record Tail(long seq, Bytes hash, Bytes previousHash) {
    static final Tail EMPTY = new Tail(0, Bytes.zeros(32), Bytes.zeros(32));
  }

  /**
   * All that one event changes.
   *
   * @param expectedVersion of the row as it was read; 0 where there must be none
   * @param log entries that follow the tail without a gap
   */
  record Change(
      Bytes lineage,
      String name,
      long expectedVersion,
      Bytes row,
      List<LogRecord> log,
      Map<AnswerKey, Bytes> keep) {}

  Optional<Versioned> row(Bytes lineage);

  Optional<Bytes> lineageNamed(String name);

  List<Bytes> lineages();

  Optional<Bytes> answer(AnswerKey key);

  Tail tail();

  /** Signed entries from the first number to the last, both included. */
  List<Bytes> log(long fromSeq, long toSeq);

  /** Compare-and-set on the row's version; {@link StoreException.Stale} if it moved. */
  void commit(Change change);

  @Override
  void close();
}
