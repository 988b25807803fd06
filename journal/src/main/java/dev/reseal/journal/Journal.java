package dev.reseal.journal;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import java.util.List;

/**
 * The progress notes of one lineage (protocol 9.2). When {@link #intent} returns, a restart will
 * find the entry; results ride on the next intent and may be lost, which costs a repetition.
 * Advisory: losing any suffix of it changes no safety statement. Used by one thread.
 */
public interface Journal extends AutoCloseable {
  /** Appends and syncs, before the side effect that it announces. */
  void intent(Bytes opId, int phase, Cbor.Map payload);

  /** Appends the result of a phase without a sync. */
  void result(Bytes opId, int phase, Entry.Edge edge, Cbor.Map payload);

  /** The entries found when it was opened, oldest first, then those appended since. */
  List<Entry> entries();

  /** Drops all entries; called between operations only. */
  void forget();

  @Override
  void close();
}
