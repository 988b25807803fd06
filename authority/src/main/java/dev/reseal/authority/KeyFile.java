package dev.reseal.authority;

import dev.reseal.bytes.Secret;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The key store in one file of {@linkplain KeyCell cells}. A cell is overwritten in place when its
 * key is destroyed and reused afterwards. The room of a new cell is written and synced first, then
 * a key under the mark of an empty cell, then the mark: a crash leaves the key or no key, and a
 * room that is not the one that was written is damage.
 */
public final class KeyFile implements KeyStore {
  private static final byte[] MAGIC = "reseal keys 2\n\0\0".getBytes(StandardCharsets.US_ASCII);
  private static final int NAME_MAX = 255;
  private static final int KEY_MAX = 1 << 20;

  private final Path path;
  private final FileChannel file;
  private final Map<String, KeyCell> cells = new TreeMap<>();
  private final Map<Long, Integer> empty = new TreeMap<>();
  private long end;

  private KeyFile(Path path, FileChannel file) {
    this.path = path;
    this.file = file;
  }

  /** Opens or creates, readable by its owner only; a second writer is refused. */
  public static KeyFile open(Path path) {
    try {
      FileChannel file =
          FileChannel.open(
              path,
              Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      try {
        KeyFile store = new KeyFile(path, file);
        store.lock();
        store.read();
        return store;
      } catch (IOException | RuntimeException broken) {
        file.close();
        throw broken;
      }
    } catch (IOException refused) {
      throw new KeyStoreException("cannot open the key store " + path, refused);
    }
  }

  @Override
  public synchronized void put(String name, Secret key) {
    byte[] named = name.getBytes(StandardCharsets.UTF_8);
    if (named.length > NAME_MAX || key.size() > KEY_MAX || key.size() == 0) {
      throw new IllegalArgumentException("key " + name + " of " + key.size() + " bytes");
    }
    if (cells.containsKey(name)) {
      throw new IllegalArgumentException("the key store has a key named " + name);
    }
    ByteBuffer content = ByteBuffer.allocate(0);
    try {
      long at = place(named.length + key.size());
      int room = Objects.requireNonNull(empty.get(at));
      content = KeyCell.content(room, named, key);
      write(content, at + KeyCell.FRAME);
      file.force(true);
      write(mark(KeyCell.USED), at);
      file.force(false);
      empty.remove(at);
      cells.put(name, new KeyCell(at, room, named.length, key.size()));
    } catch (IOException refused) {
      throw new KeyStoreException("cannot write key " + name + " to " + path, refused);
    } finally {
      Arrays.fill(content.array(), (byte) 0);
    }
  }

  private static ByteBuffer mark(byte mark) {
    return ByteBuffer.wrap(new byte[] {mark});
  }

  /** Where a crash leaves both, the next start erases one. */
  @Override
  public synchronized void replace(String name, Secret key) {
    Optional<KeyCell> old = Optional.ofNullable(cells.remove(name));
    try {
      put(name, key);
    } catch (RuntimeException failed) {
      old.ifPresent(cell -> cells.put(name, cell));
      throw failed;
    }
    old.ifPresent(cell -> erase(name, cell));
  }

  @Override
  public synchronized Optional<Secret> get(String name) {
    KeyCell cell = cells.get(name);
    if (cell == null) {
      return Optional.empty();
    }
    ByteBuffer key = ByteBuffer.allocate(cell.keySize());
    try {
      readFully(key, cell.offset() + KeyCell.HEAD + cell.nameSize());
    } catch (IOException refused) {
      throw new KeyStoreException("cannot read key " + name + " from " + path, refused);
    }
    return Optional.of(Secret.own(key.array()));
  }

  @Override
  public synchronized void destroy(String name) {
    Optional.ofNullable(cells.get(name))
        .ifPresent(cell -> {
          erase(name, cell);
          cells.remove(name);
        });
  }

  /**
   * The key is overwritten and synced before its cell counts as empty; a crash in between leaves a
   * damaged, unusable cell.
   */
  private void erase(String name, KeyCell cell) {
    try {
      write(ByteBuffer.allocate(cell.room()), cell.offset() + KeyCell.HEAD);
      file.force(false);
      write(mark(KeyCell.EMPTY), cell.offset());
      file.force(false);
    } catch (IOException refused) {
      throw new KeyStoreException("cannot erase key " + name + " in " + path, refused);
    }
    empty.put(cell.offset(), cell.room());
  }

  @Override
  public synchronized Set<String> names() {
    return Set.copyOf(cells.keySet());
  }

  @Override
  public synchronized void close() {
    try {
      file.close();
    } catch (IOException refused) {
      throw new KeyStoreException("cannot close the key store " + path, refused);
    }
  }

  private void lock() throws IOException {
    FileLock lock;
    try {
      lock = file.tryLock();
    } catch (OverlappingFileLockException mine) {
      throw new KeyStoreException("the key store " + path + " is in use by this process", mine);
    }
    if (lock == null) {
      throw new KeyStoreException("the key store " + path + " is in use by another process");
    }
  }

  private void read() throws IOException {
    int size = (int) Math.min(file.size(), MAGIC.length);
    if (!Arrays.equals(bytes(0, size), Arrays.copyOf(MAGIC, size))) {
      throw new KeyStoreException(path + " is not a key store");
    }
    if (size < MAGIC.length) {
      write(ByteBuffer.wrap(MAGIC), 0);
      file.force(true);
    }
    Map<Long, Integer> rooms = new TreeMap<>();
    end = MAGIC.length;
    while (end < file.size() && !torn(end)) {
      int room = room(end);
      rooms.put(end, room);
      end += KeyCell.HEAD + room;
    }
    for (Map.Entry<Long, Integer> each : rooms.entrySet()) {
      readCell(each.getKey(), each.getValue());
    }
  }

  /** Whether a crash cut off the frame of a new cell: nothing follows it, and no key was in it. */
  private boolean torn(long at) throws IOException {
    long left = file.size() - at;
    if (left > KeyCell.FRAME) {
      return false;
    }
    byte[] frame = bytes(at, (int) left);
    return frame[0] != KeyCell.USED && (left < KeyCell.FRAME || KeyCell.room(frame) < 0);
  }

  /** The room of a cell; where there is none, the file is damaged, and left as it is. */
  private int room(long at) throws IOException {
    boolean framed = file.size() - at >= KeyCell.FRAME;
    byte[] frame = framed ? bytes(at, KeyCell.FRAME) : new byte[KeyCell.FRAME];
    int room = KeyCell.room(frame);
    boolean whole = at + KeyCell.HEAD + room <= file.size();
    if (room < 0 || (frame[0] == KeyCell.USED && !whole)) {
      throw new KeyStoreException(
          path + " is damaged at offset " + at + ", nothing was changed: restore a replica");
    }
    return room;
  }

  /** Reads one cell and finishes what a crash interrupted in it. */
  private void readCell(long at, int room) throws IOException {
    if (bytes(at, 1)[0] == KeyCell.USED) {
      byte[] content = bytes(at + KeyCell.FRAME, KeyCell.HEAD - KeyCell.FRAME + room);
      Optional<KeyCell> cell = KeyCell.of(at, content);
      boolean taken =
          cell.isPresent() && cells.putIfAbsent(cell.get().name(content), cell.get()) == null;
      Arrays.fill(content, (byte) 0);
      if (taken) {
        return;
      }
    }
    // Empty, erased in part, or replaced already: what it held must not come back.
    write(ByteBuffer.allocate(KeyCell.HEAD - KeyCell.FRAME + room), at + KeyCell.FRAME);
    write(mark(KeyCell.EMPTY), at);
    file.force(false);
    empty.put(at, room);
  }

  private byte[] bytes(long at, int size) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(size);
    readFully(bytes, at);
    return bytes.array();
  }

  /** An empty cell with so much room; a new one if there is none. */
  private long place(int need) throws IOException {
    for (Map.Entry<Long, Integer> cell : empty.entrySet()) {
      if (cell.getValue() >= need) {
        return cell.getKey();
      }
    }
    long at = end;
    int room = KeyCell.roomFor(need);
    write(KeyCell.frame(room), at);
    file.force(true);
    empty.put(at, room);
    end = at + KeyCell.HEAD + room;
    return at;
  }

  private void write(ByteBuffer from, long at) throws IOException {
    long to = at;
    while (from.hasRemaining()) {
      to += file.write(from, to);
    }
  }

  private void readFully(ByteBuffer into, long at) throws IOException {
    while (into.hasRemaining()) {
      if (file.read(into, at + into.position()) < 0) {
        throw new IOException("ends at " + file.size() + ", need " + into.remaining() + " more");
      }
    }
  }
}
