package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** One file of a {@link SimDisk}: what was synced, and the writes that wait for a sync. */
final class SimFile {
  private final SimDisk disk;
  private final Content synced = new Content();
  private final Content view = new Content();
  private final List<Write> waiting = new ArrayList<>();
  private long modifiedMs;

  /**
   * {@code content} at {@code offset}; a negative offset is a truncation to {@code -offset - 1}
   * bytes.
   */
  private record Write(long offset, Bytes content) {
    boolean cuts() {
      return offset < 0;
    }

    Write part(int from, int to) {
      return new Write(offset + from, content.slice(from, to - from));
    }
  }

  /** Bytes that grow in place. */
  private static final class Content {
    private byte[] bytes = new byte[0];
    private int size;

    void apply(Write write) {
      if (write.cuts()) {
        int cut = (int) Math.min(size, -write.offset() - 1);
        Arrays.fill(bytes, cut, size, (byte) 0);
        size = cut;
        return;
      }
      int at = (int) write.offset();
      int end = at + write.content().size();
      if (end > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(end, 2 * bytes.length));
      }
      System.arraycopy(write.content().toArray(), 0, bytes, at, end - at);
      size = Math.max(size, end);
    }

    void become(Content other) {
      bytes = Arrays.copyOf(other.bytes, other.size);
      size = other.size;
    }
  }

  SimFile(SimDisk disk) {
    this.disk = disk;
  }

  /** The same file on another disk, whose cache holds nothing. */
  SimFile copy(SimDisk other) {
    SimFile copy = new SimFile(other);
    copy.synced.become(view);
    copy.view.become(view);
    copy.modifiedMs = modifiedMs;
    return copy;
  }

  long size() {
    return view.size;
  }

  /** When it was written last. */
  long modifiedMs() {
    return modifiedMs;
  }

  int read(byte[] into, long position) {
    if (position >= view.size) {
      return -1;
    }
    int size = (int) Math.min(into.length, view.size - position);
    System.arraycopy(view.bytes, (int) position, into, 0, size);
    return size;
  }

  int write(byte[] content, long position) throws IOException {
    int taken = disk.admit(content.length);
    put(new Write(position, Bytes.wrap(Arrays.copyOf(content, taken))));
    modifiedMs = disk.nowMs();
    return taken;
  }

  void truncate(long size) {
    if (size < view.size) {
      put(new Write(-size - 1, Bytes.EMPTY));
    }
  }

  private void put(Write write) {
    waiting.add(write);
    view.apply(write);
  }

  void force() throws IOException {
    disk.syncing();
    if (disk.takeSyncFailure()) {
      waiting.clear();
      view.become(synced);
      throw new IOException("Input/output error");
    }
    waiting.forEach(synced::apply);
    waiting.clear();
  }

  /** Each waiting write alone is kept, lost or torn at any byte, whichever came first. */
  void crash(SplittableRandom random, SimDisk.Damage damage) {
    boolean hole = false;
    for (Write write : waiting) {
      int size = write.content().size();
      int fate = random.nextInt(size > 1 ? 3 : 2);
      if (fate == 0) {
        hole = true;
        damage.lost();
      } else if (fate == 1) {
        synced.apply(write);
        damage.kept(hole);
      } else {
        int cut = 1 + random.nextInt(size - 1);
        synced.apply(random.nextInt(4) == 0 ? write.part(cut, size) : write.part(0, cut));
        hole = true;
        damage.torn();
      }
    }
    waiting.clear();
    view.become(synced);
  }

  void rot(SplittableRandom random) {
    if (synced.size > 0) {
      synced.bytes[random.nextInt(synced.size)] ^= (byte) (1 << random.nextInt(8));
      view.become(synced);
      waiting.clear();
    }
  }
}
