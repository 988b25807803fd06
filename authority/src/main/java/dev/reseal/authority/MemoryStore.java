package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A store without a disk, for simulations; {@link #copy} is a backup. */
public final class MemoryStore implements Store {
  private final Map<Bytes, Versioned> rows = new TreeMap<>();
  private final Map<String, Bytes> names = new TreeMap<>();
  private final Map<AnswerKey, Bytes> answers = new HashMap<>();
  private final List<LogRecord> log = new ArrayList<>();

  /** The same content in a store of its own. */
  public MemoryStore copy() {
    MemoryStore copy = new MemoryStore();
    copy.rows.putAll(rows);
    copy.names.putAll(names);
    copy.answers.putAll(answers);
    copy.log.addAll(log);
    return copy;
  }

  @Override
  public Optional<Versioned> row(Bytes lineage) {
    return Optional.ofNullable(rows.get(lineage));
  }

  @Override
  public Optional<Bytes> lineageNamed(String name) {
    return Optional.ofNullable(names.get(name));
  }

  @Override
  public List<Bytes> lineages() {
    return List.copyOf(rows.keySet());
  }

  @Override
  public Optional<Bytes> answer(AnswerKey key) {
    return Optional.ofNullable(answers.get(key));
  }

  @Override
  public Tail tail() {
    if (log.isEmpty()) {
      return Tail.EMPTY;
    }
    Bytes before = log.size() > 1 ? log.get(log.size() - 2).hash() : Bytes.zeros(32);
    return new Tail(log.getLast().seq(), log.getLast().hash(), before);
  }

  @Override
  public List<Bytes> log(long fromSeq, long toSeq) {
    return log.stream()
        .filter(record -> record.seq() >= fromSeq && record.seq() <= toSeq)
        .map(LogRecord::entry)
        .toList();
  }

  @Override
  public void commit(Change change) {
    long found = row(change.lineage()).map(Versioned::version).orElse(0L);
    if (found != change.expectedVersion()) {
      throw new StoreException.Stale(change.expectedVersion(), found);
    }
    Bytes named = names.getOrDefault(change.name(), change.lineage());
    if (!named.equals(change.lineage())) {
      throw new StoreException("the name " + change.name() + " belongs to lineage " + named);
    }
    rows.put(change.lineage(), new Versioned(change.row(), found + 1));
    names.put(change.name(), change.lineage());
    log.addAll(change.log());
    answers.putAll(change.keep());
  }

  @Override
  public void close() {}
}
