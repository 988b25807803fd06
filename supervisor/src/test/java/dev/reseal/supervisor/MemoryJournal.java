package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Entry;
import dev.reseal.journal.Journal;
import dev.reseal.wire.Cbor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** A journal without a disk: what a crash leaves is what was synced. */
final class MemoryJournal implements Journal {
  private final Bytes lineage;
  private final LongSupplier wallMs;
  private final List<Entry> entries = new ArrayList<>();
  private int synced;

  MemoryJournal(Bytes lineage, LongSupplier wallMs) {
    this.lineage = lineage;
    this.wallMs = wallMs;
  }

  /** What a restart finds when the unsynced tail is lost. */
  List<Entry> afterCrash() {
    return List.copyOf(entries.subList(0, synced));
  }

  @Override
  public void intent(Bytes opId, int phase, Cbor.Map payload) {
    append(opId, phase, Entry.Edge.INTENT, payload);
    synced = entries.size();
  }

  @Override
  public void result(Bytes opId, int phase, Entry.Edge edge, Cbor.Map payload) {
    append(opId, phase, edge, payload);
  }

  @Override
  public List<Entry> entries() {
    return List.copyOf(entries);
  }

  @Override
  public void forget() {
    entries.clear();
    synced = 0;
  }

  @Override
  public void close() {
    synced = entries.size();
  }

  private void append(Bytes opId, int phase, Entry.Edge edge, Cbor.Map payload) {
    long seq = entries.isEmpty() ? 0 : entries.getLast().seq() + 1;
    Entry entry = new Entry(seq, wallMs.getAsLong(), lineage, opId, phase, edge, payload);
    entries.add(entry);
  }
}
