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
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * The key store in one file of cells: {@code mark (1) ‖ u32 room ‖ u32 CRC-32C ‖ u8 name length ‖
 * u32 key length ‖ name ‖ key ‖ padding}, big-endian. A cell is overwritten in place when its key
 * is destroyed and reused afterwards. A key is written and synced under the mark of an empty cell
 * first, then the mark is set and synced: a crash leaves the key or no key. One that replaces
 * another says so in its mark until that one is erased: a crash leaves the old key or the new one.
 */
public final class KeyFile implements KeyStore {
  private static final byte[] MAGIC = "reseal keys 1\n\0\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte EMPTY = 'E';
  private static final byte USED = 'K';
  private static final byte REPLACING = 'R';
  private static final int HEAD = 14;
  private static final int NAME_MAX = 255;
  private static final int KEY_MAX = 1 << 20;
  private static final int ROUND = 128;

  private final Path path;
  private final FileChannel file;
  private final Map<String, Cell> cells = new TreeMap<>();
  private final Map<Long, Integer> empty = new TreeMap<>();
  private long end;

  private record Cell(long offset, int room, int nameSize, int keySize) {}

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
    if (cells.containsKey(name)) {
      throw new IllegalArgumentException("the key store has a key named " + name);
    }
    cells.put(name, write(name, key, USED));
  }

  @Override
  public synchronized void replace(String name, Secret key) {
    if (!cells.containsKey(name)) {
      put(name, key);
      return;
    }
    succeed(name, write(name, key, REPLACING));
  }

  /** From here on a start would do the same. */
  private void succeed(String name, Cell fresh) {
    destroy(name);
    try {
      mark(fresh.offset(), USED);
    } catch (IOException refused) {
      throw new KeyStoreException("cannot write key " + name + " to " + path, refused);
    }
    cells.put(name, fresh);
  }

  private Cell write(String name, Secret key, byte mark) {
    byte[] named = name.getBytes(StandardCharsets.UTF_8);
    if (named.length > NAME_MAX || key.size() > KEY_MAX || key.size() == 0) {
      throw new IllegalArgumentException("key " + name + " of " + key.size() + " bytes");
    }
    int need = named.length + key.size();
    long at = place(need);
    int room = empty.getOrDefault(at, round(need));
    byte[] content = new byte[need];
    try {
      System.arraycopy(named, 0, content, 0, named.length);
      key.with(bytes -> System.arraycopy(bytes, 0, content, named.length, bytes.length));
      ByteBuffer head = ByteBuffer.allocate(HEAD);
      head.put(EMPTY).putInt(room).putInt(crc(content));
      head.put((byte) named.length).putInt(key.size()).flip();
      write(head, at);
      write(ByteBuffer.wrap(content), at + HEAD);
      write(ByteBuffer.allocate(room - need), at + HEAD + need);
      file.force(true);
      mark(at, mark);
    } catch (IOException refused) {
      throw new KeyStoreException("cannot write key " + name + " to " + path, refused);
    } finally {
      Arrays.fill(content, (byte) 0);
    }
    empty.remove(at);
    end = Math.max(end, at + HEAD + room);
    return new Cell(at, room, named.length, key.size());
  }

  @Override
  public synchronized Optional<Secret> get(String name) {
    Cell cell = cells.get(name);
    if (cell == null) {
      return Optional.empty();
    }
    ByteBuffer key = ByteBuffer.allocate(cell.keySize());
    try {
      readFully(key, cell.offset() + HEAD + cell.nameSize());
    } catch (IOException refused) {
      throw new KeyStoreException("cannot read key " + name + " from " + path, refused);
    }
    return Optional.of(Secret.own(key.array()));
  }

  /**
   * The key is overwritten and synced before its cell counts as empty; a crash in between leaves a
   * damaged, unusable cell.
   */
  @Override
  public synchronized void destroy(String name) {
    Cell cell = cells.get(name);
    if (cell == null) {
      return;
    }
    try {
      write(ByteBuffer.allocate(cell.room()), cell.offset() + HEAD);
      file.force(false);
      mark(cell.offset(), EMPTY);
    } catch (IOException refused) {
      throw new KeyStoreException("cannot erase key " + name + " in " + path, refused);
    }
    cells.remove(name);
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
    if (file.size() < MAGIC.length) {
      write(ByteBuffer.wrap(MAGIC), 0);
      file.force(true);
    }
    ByteBuffer magic = ByteBuffer.allocate(MAGIC.length);
    readFully(magic, 0);
    if (!Arrays.equals(magic.array(), MAGIC)) {
      throw new KeyStoreException(path + " is not a key store");
    }
    Map<String, Cell> replacing = new TreeMap<>();
    long at = MAGIC.length;
    while (at + HEAD <= file.size()) {
      int room = readCell(at, replacing);
      if (room < 0) {
        break;
      }
      at += HEAD + room;
    }
    end = at;
    replacing.forEach(this::succeed);
  }

  /** The room of the cell, or -1 where a crash cut off the last one. */
  private int readCell(long at, Map<String, Cell> replacing) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(HEAD);
    readFully(head, at);
    head.flip();
    byte mark = head.get();
    int room = head.getInt();
    int crc = head.getInt();
    int nameSize = head.get() & 0xff;
    int keySize = head.getInt();
    boolean fits = room > 0 && room % ROUND == 0 && at + HEAD + room <= file.size();
    boolean used = mark == USED || mark == REPLACING;
    if (!fits && !used) {
      return -1;
    }
    if (!fits || keySize < 0 || (long) nameSize + keySize > room) {
      throw new KeyStoreException(path + " is damaged at offset " + at + ": restore a replica");
    }
    if (used) {
      ByteBuffer content = ByteBuffer.allocate(nameSize + keySize);
      readFully(content, at + HEAD);
      if (crc(content.array()) == crc) {
        String name = new String(content.array(), 0, nameSize, StandardCharsets.UTF_8);
        (mark == USED ? cells : replacing).put(name, new Cell(at, room, nameSize, keySize));
        Arrays.fill(content.array(), (byte) 0);
        return room;
      }
    }
    // An empty cell, or one whose erasure a crash interrupted: what it held must not come back.
    write(ByteBuffer.allocate(room), at + HEAD);
    mark(at, EMPTY);
    empty.put(at, room);
    return room;
  }

  private void mark(long at, byte mark) throws IOException {
    write(ByteBuffer.wrap(new byte[] {mark}), at);
    file.force(false);
  }

  private long place(int need) {
    return empty.entrySet().stream()
        .filter(cell -> cell.getValue() >= need)
        .findFirst()
        .map(Map.Entry::getKey)
        .orElse(end);
  }

  private static int round(int size) {
    return (size + ROUND - 1) / ROUND * ROUND;
  }

  private static int crc(byte[] content) {
    CRC32C crc = new CRC32C();
    crc.update(content);
    return (int) crc.getValue();
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
