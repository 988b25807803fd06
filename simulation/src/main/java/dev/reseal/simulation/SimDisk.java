package dev.reseal.simulation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * A disk that keeps only what was synced. Writes and renames go to a cache first; a crash decides
 * for each cached write alone whether it is kept, lost or torn at any byte, so that cached writes
 * also arrive out of order. One seed gives one history.
 */
public final class SimDisk {
  private final SplittableRandom random;
  private final LongSupplier clock;
  private final Map<String, SimFile> cached = new TreeMap<>();
  private Map<String, SimFile> durable = new TreeMap<>();
  private long capacityBytes = Long.MAX_VALUE;
  private boolean nextSyncFails;
  private boolean nextWriteShort;
  private Runnable atSync = () -> {};
  private Damage damage = new Damage();

  /** What the last crash did to the writes that waited for a sync. */
  static final class Damage {
    private int lost;
    private int torn;
    private int overtook;

    void lost() {
      lost++;
    }

    void torn() {
      torn++;
    }

    /** {@code hole}: an earlier write to the same file did not arrive, or not whole. */
    void kept(boolean hole) {
      overtook += hole ? 1 : 0;
    }

    /** Writes of which a part arrived. */
    int tornWrites() {
      return torn;
    }

    /** Writes that arrived although an earlier one to the same file did not, or not whole. */
    int overtaking() {
      return overtook;
    }

    int lostWrites() {
      return lost;
    }
  }

  public SimDisk(SplittableRandom random) {
    this(random, () -> 0);
  }

  /** {@code clock}: milliseconds, for the times of files. */
  SimDisk(SplittableRandom random, LongSupplier clock) {
    this.random = random;
    this.clock = clock;
  }

  /** ENOSPC above this many bytes in all files. */
  public void capacity(long bytes) {
    capacityBytes = bytes;
  }

  /** No fault waits any more. */
  void heal() {
    capacityBytes = Long.MAX_VALUE;
    nextSyncFails = false;
    nextWriteShort = false;
  }

  /** ENOSPC for every write from now on. */
  void fill() {
    capacityBytes = 0;
  }

  /**
   * The next sync of any file fails with EIO; what it should have written is gone, as on a real
   * disk.
   */
  public void failNextSync() {
    nextSyncFails = true;
  }

  /** Called as each sync begins, when nothing of it is durable yet; it may throw. */
  void atSync(Runnable newAtSync) {
    atSync = newAtSync;
  }

  void syncing() {
    atSync.run();
  }

  long nowMs() {
    return clock.getAsLong();
  }

  Damage damage() {
    return damage;
  }

  /** A backup of all files, as they are read now. */
  Map<String, SimFile> copy() {
    Map<String, SimFile> files = new TreeMap<>();
    cached.forEach((name, file) -> files.put(name, file.copy(this)));
    return files;
  }

  /** These files, from a backup, take the place of those of the same names. */
  void restore(Map<String, SimFile> files) {
    files.forEach((name, file) -> cached.put(name, file.copy(this)));
    durable = new TreeMap<>(cached);
  }

  /** The next write takes only a part of its bytes, as POSIX allows. */
  public void shortenNextWrite() {
    nextWriteShort = true;
  }

  /** Opens or creates; creation is durable only after {@link #syncDirectory}. */
  public FileChannel open(String name) {
    return new SimChannel(cached.computeIfAbsent(name, _ -> new SimFile(this)));
  }

  /** The same, with every write durable when it returns. */
  FileChannel openSynced(String name) {
    return new SimChannel(cached.computeIfAbsent(name, _ -> new SimFile(this))) {
      @Override
      public int write(ByteBuffer from, long at) throws IOException {
        int taken = super.write(from, at);
        force(false);
        return taken;
      }
    };
  }

  /** The directory as a channel that can only be synced. */
  FileChannel openDirectory() {
    return new SimChannel(new SimFile(this)) {
      @Override
      public void force(boolean metaData) throws IOException {
        syncing();
        if (takeSyncFailure()) {
          throw new IOException("Input/output error");
        }
        syncDirectory();
      }
    };
  }

  public boolean exists(String name) {
    return cached.containsKey(name);
  }

  /** When the file was written last; 0 when there is none. */
  long modifiedMs(String name) {
    SimFile file = cached.get(name);
    return file == null ? 0 : file.modifiedMs();
  }

  /** 0 when there is none. */
  long size(String name) {
    SimFile file = cached.get(name);
    return file == null ? 0 : file.size();
  }

  public List<String> names() {
    return List.copyOf(cached.keySet());
  }

  /** Atomic; durable only after {@link #syncDirectory}. */
  public void rename(String from, String to) {
    SimFile file = cached.remove(from);
    if (file == null) {
      throw new NoSuchElementException("rename of " + from + ": no such file");
    }
    cached.put(to, file);
  }

  public void delete(String name) {
    cached.remove(name);
  }

  public void syncDirectory() {
    durable = new TreeMap<>(cached);
  }

  /**
   * Power loss: names go back to the last synced directory, or, by the seed, keep later changes;
   * contents keep what was synced and a random part of the rest.
   */
  public void crash() {
    Map<String, SimFile> survivors = new TreeMap<>(random.nextBoolean() ? cached : durable);
    cached.clear();
    cached.putAll(survivors);
    durable = new TreeMap<>(survivors);
    damage = new Damage();
    survivors.values().forEach(file -> file.crash(random, damage));
    nextSyncFails = false;
    nextWriteShort = false;
  }

  /** Flips one bit of a synced file: bit rot. Nothing happens to an empty file. */
  public void rot(String name) {
    SimFile file = cached.get(name);
    if (file != null) {
      file.rot(random);
    }
  }

  int admit(int size) throws IOException {
    if (capacityBytes < Long.MAX_VALUE && used() + size > capacityBytes) {
      throw new IOException("No space left on device");
    }
    if (nextWriteShort && size > 1) {
      nextWriteShort = false;
      return 1 + random.nextInt(size - 1);
    }
    return size;
  }

  private long used() {
    return cached.values().stream().mapToLong(SimFile::size).sum();
  }

  boolean takeSyncFailure() {
    boolean fails = nextSyncFails;
    nextSyncFails = false;
    return fails;
  }
}
