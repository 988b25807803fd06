package dev.reseal.simulation;

import dev.reseal.authority.Anchor;
import dev.reseal.authority.FileAnchor;
import dev.reseal.authority.KeyFile;
import dev.reseal.authority.KeyStore;
import dev.reseal.authority.MemoryStore;
import dev.reseal.authority.PassingStore;
import dev.reseal.authority.Store;
import dev.reseal.bytes.Secret;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Register, anchor and key store of a simulated authority: each write and each sync is a point at
 * which its process can crash, or its machine lose its power. Anchor and key store are the real
 * files on a bad disk; the register is in memory, and each commit of it durable and whole, as
 * SQLite promises.
 */
final class AuthorityParts {
  /** The authority's process ends here and now. */
  static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Crash(String where) {
      super(where);
    }
  }

  private static final String ANCHOR = "anchor";
  private static final String KEYS = "keys";

  private final SimDisk disk;
  private final SimFiles files;
  private final Runnable struck;
  private MemoryStore store = new MemoryStore();
  private KeyStore keys;
  private int commits;
  private int pointsToCrash = -1;
  private boolean losesPower;

  /** {@code struck}: told when a crash that was planned comes. */
  AuthorityParts(Chance chance, Runnable struck) {
    this.disk = new SimDisk(chance.source());
    this.files = new SimFiles(disk);
    this.struck = struck;
    this.keys = KeyFile.open(files.getPath(KEYS));
    disk.syncDirectory();
    disk.atSync(() -> point("in a sync"));
  }

  /** The crash comes at the n-th point from now, counted from 0; never when negative. */
  void crashIn(int points) {
    pointsToCrash = points;
    losesPower = false;
  }

  /** The same, and what no sync had reached is gone, or a part of it. */
  void powerLossIn(int points) {
    pointsToCrash = points;
    losesPower = true;
  }

  /** Whether the crash that comes, or came last, is a power loss. */
  boolean losesPower() {
    return losesPower;
  }

  /** Grows with every change of register or key store. */
  int commits() {
    return commits;
  }

  /** Number of the newest log entry. */
  long logged() {
    return store.tail().seq();
  }

  /** That of the newest which somebody can have been told of. */
  long anchored() {
    return new FileAnchor(files.getPath(ANCHOR)).read().map(Anchor.Mark::seq).orElse(0L);
  }

  private void point(String where) {
    if (pointsToCrash < 0 || pointsToCrash-- > 0) {
      return;
    }
    struck.run();
    if (losesPower) {
      disk.crash();
    }
    reopen();
    throw new Crash(where);
  }

  /** The next process finds what is on the disk. */
  private void reopen() {
    keys = KeyFile.open(files.getPath(KEYS));
    commits++;
  }

  /** A copy of register and key store, as an operator's backup would be. */
  Runnable backup(boolean withAnchor) {
    MemoryStore storeThen = store.copy();
    Map<String, SimFile> filesThen = disk.copy();
    if (!withAnchor) {
      filesThen.remove(ANCHOR);
    }
    return () -> {
      store = storeThen;
      disk.restore(filesThen);
      reopen();
    };
  }

  Store store() {
    return new Points();
  }

  KeyStore keys() {
    return new KeyPoints();
  }

  Anchor anchor() {
    Anchor anchor = new FileAnchor(files.getPath(ANCHOR));
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

  private final class Points implements PassingStore {
    @Override
    public Store inner() {
      return store;
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
      return new TreeSet<>(keys.names());
    }

    @Override
    public void close() {}
  }
}
