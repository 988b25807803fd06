package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * A disk that keeps only what was synced. Writes and renames go to a cache first; a crash decides
 * for each cached write alone whether it is kept, lost or torn at a sector, so that cached writes
 * also arrive out of order. One seed gives one history.
 */
public final class SimDisk {
  static final int SECTOR_BYTES = 512;

  private final SplittableRandom random;
  private final LongSupplier clock;
  private final Map<String, SimFile> cached = new TreeMap<>();
  private Map<String, SimFile> durable = new TreeMap<>();
  private long capacityBytes = Long.MAX_VALUE;
  private boolean nextSyncFails;
  private boolean nextWriteShort;

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
    return file == null ? 0 : file.modifiedMs;
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
    survivors.values().forEach(file -> file.crash(random));
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
    long used = cached.values().stream().mapToLong(SimFile::size).sum();
    if (used + size > capacityBytes) {
      throw new IOException("No space left on device");
    }
    if (nextWriteShort && size > 1) {
      nextWriteShort = false;
      return 1 + random.nextInt(size - 1);
    }
    return size;
  }

  boolean takeSyncFailure() {
    boolean fails = nextSyncFails;
    nextSyncFails = false;
    return fails;
  }

  /** The synced content of one file and the writes that wait for a sync. */
  static final class SimFile {
    private final SimDisk disk;
    private byte[] synced = new byte[0];
    private byte[] view = new byte[0];
    private final List<Write> waiting = new ArrayList<>();
    private long modifiedMs;

    /**
     * {@code content} at {@code offset}; a negative offset is a truncation to {@code -offset - 1}
     * bytes.
     */
    private record Write(long offset, Bytes content) {}

    SimFile(SimDisk disk) {
      this.disk = disk;
    }

    long size() {
      return view.length;
    }

    int read(byte[] into, long position) {
      if (position >= view.length) {
        return -1;
      }
      int size = (int) Math.min(into.length, view.length - position);
      System.arraycopy(view, (int) position, into, 0, size);
      return size;
    }

    int write(byte[] content, long position) throws IOException {
      int taken = disk.admit(content.length);
      byte[] part = Arrays.copyOf(content, taken);
      Write write = new Write(position, Bytes.wrap(part));
      waiting.add(write);
      view = apply(view, write);
      modifiedMs = disk.clock.getAsLong();
      return taken;
    }

    void truncate(long size) {
      if (size < view.length) {
        Write cut = new Write(-size - 1, Bytes.EMPTY);
        waiting.add(cut);
        view = apply(view, cut);
      }
    }

    void force() throws IOException {
      if (disk.takeSyncFailure()) {
        waiting.clear();
        view = synced.clone();
        throw new IOException("Input/output error");
      }
      synced = view.clone();
      waiting.clear();
    }

    void crash(SplittableRandom random) {
      for (Write write : waiting) {
        int size = write.content().size();
        switch (random.nextInt(3)) {
          case 0 -> synced = apply(synced, write);
          case 1 -> {
            int sectors = random.nextInt(size / SECTOR_BYTES + 1);
            int kept = write.offset() < 0 ? 0 : sectors * SECTOR_BYTES;
            synced =
                apply(
                    synced, new Write(Math.max(write.offset(), 0), write.content().slice(0, kept)));
          }
          default -> {}
        }
      }
      waiting.clear();
      view = synced.clone();
    }

    void rot(SplittableRandom random) {
      if (synced.length > 0) {
        synced[random.nextInt(synced.length)] ^= (byte) (1 << random.nextInt(8));
        view = synced.clone();
        waiting.clear();
      }
    }

    private static byte[] apply(byte[] content, Write write) {
      if (write.offset() < 0) {
        return Arrays.copyOf(content, (int) Math.min(content.length, -write.offset() - 1));
      }
      int end = (int) write.offset() + write.content().size();
      byte[] next = Arrays.copyOf(content, Math.max(content.length, end));
      System.arraycopy(
          write.content().toArray(), 0, next, (int) write.offset(), write.content().size());
      return next;
    }
  }
}
