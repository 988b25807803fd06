package dev.reseal.simulation;

import dev.reseal.authority.Anchor;
import dev.reseal.authority.KeyStore;
import dev.reseal.authority.MemoryAnchor;
import dev.reseal.authority.MemoryKeys;
import dev.reseal.authority.MemoryStore;
import dev.reseal.authority.Store;
import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Register, anchor and key store of a simulated authority: each write is a point at which it can
 * crash, before and after.
 */
final class AuthorityParts {
  /** The authority's process ends here and now. */
  static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Crash(String where) {
      super(where);
    }
  }

  private MemoryStore store = new MemoryStore();
  private MemoryKeys keys = new MemoryKeys();
  private MemoryAnchor anchor = new MemoryAnchor();
  private int commits;
  private int pointsToCrash = -1;

  /** The crash comes at the n-th point from now, counted from 0. */
  void crashIn(int points) {
    pointsToCrash = points;
  }

  /** Grows with every change of register or key store. */
  int commits() {
    return commits;
  }

  /** Number of the newest log entry. */
  long logged() {
    return store.tail().seq();
  }

  private void point(String where) {
    if (pointsToCrash >= 0 && pointsToCrash-- == 0) {
      throw new Crash(where);
    }
  }

  /** A copy of register and key store, as an operator's backup would be. */
  Runnable backup(boolean withAnchor) {
    MemoryStore storeThen = store.copy();
    MemoryAnchor anchorThen = new MemoryAnchor();
    anchor.read().ifPresent(mark -> anchorThen.advance(Optional.empty(), mark));
    MemoryKeys keysThen = new MemoryKeys();
    for (String name : keys.names()) {
      try (Secret key = keys.get(name).orElseThrow()) {
        keysThen.put(name, key);
      }
    }
    return () -> {
      store = storeThen;
      keys = keysThen;
      anchor = withAnchor ? anchorThen : anchor;
      commits++;
    };
  }

  Store store() {
    return new Points();
  }

  KeyStore keys() {
    return new KeyPoints();
  }

  Anchor anchor() {
    return new Anchor() {
      @Override
      public Optional<Mark> read() {
        return anchor.read();
      }

      @Override
      public void advance(Optional<Mark> from, Mark to) {
        point("before anchor");
        anchor.advance(from, to);
        point("after anchor");
      }
    };
  }

  private final class Points implements Store {
    @Override
    public Optional<Versioned> row(Bytes lineage) {
      return store.row(lineage);
    }

    @Override
    public Optional<Bytes> lineageNamed(String name) {
      return store.lineageNamed(name);
    }

    @Override
    public List<Bytes> lineages() {
      return store.lineages();
    }

    @Override
    public Optional<Bytes> answer(AnswerKey key) {
      return store.answer(key);
    }

    @Override
    public Tail tail() {
      return store.tail();
    }

    @Override
    public List<Bytes> log(long fromSeq, long toSeq) {
      return store.log(fromSeq, toSeq);
    }

    @Override
    public void commit(Change change) {
      point("before commit");
      store.commit(change);
      commits++;
      point("after commit");
    }

    @Override
    public void close() {}
  }

  private final class KeyPoints implements KeyStore {
    @Override
    public void put(String name, Secret key) {
      point("before key");
      keys.put(name, key);
    }

    @Override
    public void replace(String name, Secret key) {
      point("before key");
      keys.replace(name, key);
    }

    @Override
    public Optional<Secret> get(String name) {
      return keys.get(name);
    }

    @Override
    public void destroy(String name) {
      point("before erasure");
      keys.destroy(name);
      commits++;
    }

    @Override
    public Set<String> names() {
      return new java.util.TreeSet<>(keys.names());
    }

    @Override
    public void close() {}
  }
}
