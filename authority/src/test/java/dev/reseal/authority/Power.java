package dev.reseal.authority;

import dev.reseal.bytes.Secret;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A power supply that is cut before or after the n-th durable write of what hangs on it, and a disk
 * of which one write fails.
 */
final class Power {
  private static final int NEVER = Integer.MAX_VALUE;

  private int left = NEVER;
  private int untilFailure = NEVER;
  private boolean after;

  /** The power goes off. */
  private static final class Cut extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Whether {@code work} has that many writes; without the last ones, then. */
  boolean cuts(Runnable work, int at, boolean after) {
    this.left = at;
    this.after = after;
    try {
      work.run();
      return false;
    } catch (Cut cut) {
      return true;
    } finally {
      left = NEVER;
    }
  }

  /** Puts this world on it; its authority starts again. */
  static Power of(World world) {
    Power power = new Power();
    Snapshot.of(world).restore(world, power);
    return power;
  }

  /** The n-th durable write from now on is not done, and says so. */
  void fails(int at) {
    untilFailure = at;
  }

  private void write(Runnable write) {
    left--;
    untilFailure--;
    if (untilFailure == 0) {
      throw new StoreException("input/output error");
    }
    if (left == 0 && !after) {
      throw new Cut();
    }
    write.run();
    if (left == 0) {
      throw new Cut();
    }
  }

  /** Everything durable of a world whose stores are in memory, and what time it was. */
  record Snapshot(
      MemoryStore store, Optional<Anchor.Mark> mark, Map<String, Secret> keys, Hands clocks) {
    static Snapshot of(World world) {
      Map<String, Secret> keys = new HashMap<>();
      world.keys.names().forEach(name -> keys.put(name, world.keys.get(name).orElseThrow()));
      return new Snapshot(
          ((MemoryStore) world.store).copy(), world.anchor.read(), keys, world.clocks.copy());
    }

    /** Puts it back, hung on this power, and starts the authority. */
    void restore(World world, Power power) {
      MemoryAnchor anchor = new MemoryAnchor();
      mark.ifPresent(at -> anchor.advance(Optional.empty(), at));
      MemoryKeys fresh = new MemoryKeys();
      keys.forEach(fresh::put);
      world.clocks.set(clocks);
      world.store = new CutStore(store.copy(), power);
      world.anchor = new CutAnchor(anchor, power);
      world.keys = new CutKeys(fresh, power);
      world.restart();
    }
  }

  private record CutStore(Store inner, Power power) implements PassingStore {
    @Override
    public void commit(Change change) {
      power.write(() -> inner.commit(change));
    }
  }

  private record CutAnchor(Anchor inner, Power power) implements Anchor {
    @Override
    public Optional<Mark> read() {
      return inner.read();
    }

    @Override
    public void advance(Optional<Mark> from, Mark to) {
      power.write(() -> inner.advance(from, to));
    }
  }

  private record CutKeys(KeyStore inner, Power power) implements KeyStore {
    @Override
    public void put(String name, Secret key) {
      power.write(() -> inner.put(name, key));
    }

    @Override
    public void replace(String name, Secret key) {
      power.write(() -> inner.replace(name, key));
    }

    @Override
    public Optional<Secret> get(String name) {
      return inner.get(name);
    }

    @Override
    public void destroy(String name) {
      if (inner.names().contains(name)) {
        power.write(() -> inner.destroy(name));
      }
    }

    @Override
    public Set<String> names() {
      return inner.names();
    }

    @Override
    public void close() {
      inner.close();
    }
  }
}
