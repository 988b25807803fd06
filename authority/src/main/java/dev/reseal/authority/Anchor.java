package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.util.Optional;

/**
 * What remembers the newest log entry outside the database, so that an older copy is noticed
 * (protocol 14.2).
 */
public interface Anchor {
  /** Number and hash of a log entry. */
  record Mark(long seq, Bytes hash) {}

  Optional<Mark> read();

  /**
   * Compare-and-set, durable when it returns; {@link StoreException} if the mark is not {@code
   * from}.
   */
  void advance(Optional<Mark> from, Mark to);

  /** What a start finds. */
  sealed interface Finding {
    record Agree() implements Finding {}

    /** The log is one entry ahead: a crash came between commit and anchor. */
    record Behind(Mark next) implements Finding {}

    /** The register is not the one that was anchored. */
    record Rollback(String detail) implements Finding {}
  }

  /**
   * The start rule: equal, or exactly one entry ahead with the anchored one before it; anything
   * else is a rollback.
   */
  static Finding compare(Store.Tail tail, Optional<Mark> anchored) {
    Mark mark = anchored.orElse(new Mark(0, Bytes.zeros(32)));
    Mark newest = new Mark(tail.seq(), tail.hash());
    if (mark.equals(newest)) {
      return new Finding.Agree();
    }
    if (tail.seq() == mark.seq() + 1 && tail.previousHash().equals(mark.hash())) {
      return new Finding.Behind(newest);
    }
    return new Finding.Rollback(
        "the anchor is at entry "
            + mark.seq()
            + " "
            + mark.hash()
            + ", the register's log ends at "
            + tail.seq()
            + " "
            + tail.hash());
  }
}
