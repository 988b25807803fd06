package dev.reseal.journal;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.WireException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.zip.CRC32C;

/**
 * The journal in a file: {@code u32 length ‖ u32 CRC-32C ‖ body}, big-endian. The file is
 * preallocated with zeros, since a sync that does not move the end of the file is cheaper; a zero
 * length is no record, so zeros end the reading like any damage does.
 */
public final class FileJournal implements Journal {
  /** The longest body of a record. */
  public static final int BODY_MAX = 65_536;

  private static final int HEAD = 8;
  private static final int CHUNK = 256 * 1024;

  private final FileChannel file;
  private final Bytes lineage;
  private final LongSupplier wallMs;
  private final List<Entry> entries;
  private long end;
  private long allocated;

  private FileJournal(FileChannel file, Bytes lineage, LongSupplier wallMs) throws IOException {
    this.file = file;
    this.lineage = lineage;
    this.wallMs = wallMs;
    this.entries = new ArrayList<>();
    read();
    file.truncate(end);
    allocated = end;
    allocate(CHUNK);
  }

  /** Opens or creates; stops reading at the first bad record and truncates there. */
  public static FileJournal open(Path path, Bytes lineage, LongSupplier wallMs) {
    try {
      FileChannel file =
          FileChannel.open(
              path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      return open(file, lineage, wallMs);
    } catch (IOException refused) {
      throw new JournalException("cannot open the journal " + path, refused);
    }
  }

  /** The same over any file, which is closed with the journal. */
  public static FileJournal open(FileChannel file, Bytes lineage, LongSupplier wallMs) {
    try {
      try {
        return new FileJournal(file, lineage, wallMs);
      } catch (IOException | RuntimeException broken) {
        file.close();
        throw broken;
      }
    } catch (IOException refused) {
      throw new JournalException("cannot read the journal", refused);
    }
  }

  /** What this entry takes in the file. */
  public static int sizeOf(Entry entry) {
    return HEAD + entry.encode().size();
  }

  @Override
  public void intent(Bytes opId, int phase, Cbor.Map payload) {
    append(opId, phase, Entry.Edge.INTENT, payload);
    try {
      file.force(false);
    } catch (IOException refused) {
      throw new JournalException("cannot sync the journal", refused);
    }
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
    try {
      file.truncate(0);
      entries.clear();
      end = 0;
      allocated = 0;
      allocate(CHUNK);
    } catch (IOException refused) {
      throw new JournalException("cannot empty the journal", refused);
    }
  }

  @Override
  public void close() {
    try (file) {
      file.force(false);
    } catch (IOException refused) {
      throw new JournalException("cannot close the journal", refused);
    }
  }

  private void append(Bytes opId, int phase, Entry.Edge edge, Cbor.Map payload) {
    long seq = entries.isEmpty() ? 0 : entries.getLast().seq() + 1;
    Entry entry = new Entry(seq, wallMs.getAsLong(), lineage, opId, phase, edge, payload);
    Bytes body = entry.encode();
    if (body.size() > BODY_MAX) {
      throw new IllegalArgumentException("journal entry of " + body.size() + " bytes");
    }
    byte[] bytes = body.toArray();
    ByteBuffer record = ByteBuffer.allocate(HEAD + bytes.length);
    record.putInt(bytes.length).putInt(crc(bytes)).put(bytes).flip();
    try {
      if (end + record.remaining() > allocated) {
        allocate(Math.max(CHUNK, record.remaining()));
      }
      int size = record.remaining();
      write(record, end);
      end += size;
    } catch (IOException refused) {
      throw new JournalException("cannot append to the journal", refused);
    }
    entries.add(entry);
  }

  private void allocate(int size) throws IOException {
    write(ByteBuffer.allocate(size), allocated);
    file.force(true);
    allocated += size;
  }

  private void write(ByteBuffer from, long at) throws IOException {
    long position = at;
    while (from.hasRemaining()) {
      position += file.write(from, position);
    }
  }

  private void read() throws IOException {
    long size = file.size();
    while (size - end >= HEAD) {
      ByteBuffer head = ByteBuffer.allocate(HEAD);
      fill(head, end);
      int length = head.getInt();
      int crc = head.getInt();
      if (length <= 0 || length > BODY_MAX || length > size - end - HEAD) {
        return;
      }
      ByteBuffer body = ByteBuffer.allocate(length);
      fill(body, end + HEAD);
      if (crc(body.array()) != crc || !accept(Bytes.wrap(body.array()))) {
        return;
      }
      end += HEAD + length;
    }
  }

  private boolean accept(Bytes body) {
    try {
      Entry entry = Entry.decode(body);
      boolean follows = entries.isEmpty() || entry.seq() == entries.getLast().seq() + 1;
      if (follows && entry.lineage().equals(lineage)) {
        entries.add(entry);
        return true;
      }
      return false;
    } catch (WireException malformed) {
      return false;
    }
  }

  private void fill(ByteBuffer into, long at) throws IOException {
    long position = at;
    while (into.hasRemaining()) {
      int count = file.read(into, position);
      if (count < 0) {
        throw new IOException("the journal shrank while it was read");
      }
      position += count;
    }
    into.flip();
  }

  private static int crc(byte[] body) {
    CRC32C crc = new CRC32C();
    crc.update(body);
    return (int) crc.getValue();
  }
}
