package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Entry;
import dev.reseal.journal.Journal;
import dev.reseal.wire.Cbor;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * A journal that tells of each entry's number before it is written.
 *
 * @param next is told the number
 */
record StampedJournal(Journal inner, LongConsumer next) implements PassingJournal {
  private void stamp() {
    List<Entry> before = inner.entries();
    next.accept(before.isEmpty() ? 0 : before.getLast().seq() + 1);
  }

  @Override
  public void intent(Bytes opId, int phase, Cbor.Map payload) {
    stamp();
    inner.intent(opId, phase, payload);
  }

  @Override
  public void result(Bytes opId, int phase, Entry.Edge edge, Cbor.Map payload) {
    stamp();
    inner.result(opId, phase, edge, payload);
  }
}
