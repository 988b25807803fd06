package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The content of a file of any size, mapped rather than read, with little-endian fields at checked
 * offsets: whatever a length field claims, reading outside is refused by name. The file must not
 * shrink while it is mapped.
 */
public final class Content implements AutoCloseable {
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String what;
  private final MemorySegment segment;
  private final Optional<Arena> owned;

  private Content(String what, MemorySegment segment, Optional<Arena> owned) {
    this.what = what;
    this.segment = segment;
    this.owned = owned;
  }

  /** Maps a file read-only until {@link #close}. */
  @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as this content
  public static Content map(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException("it is a directory");
    }
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new Content("file", mapped, Optional.of(arena));
    } catch (IOException | RuntimeException failed) {
      arena.close();
      throw failed;
    }
  }

  public static Content of(Bytes bytes) {
    return new Content("file", MemorySegment.ofArray(bytes.toArray()), Optional.empty());
  }

  /** A part of this content under its own name, from {@code offset}; shares the mapping. */
  Content part(String name, long offset, long size) throws MalformedException {
    require(offset, size, name);
    return new Content(name, segment.asSlice(offset, size), Optional.empty());
  }

  public long size() {
    return segment.byteSize();
  }

  int u16(long offset, String field) throws MalformedException {
    require(offset, 2, field);
    return Short.toUnsignedInt(segment.get(U16, offset));
  }

  long u32(long offset, String field) throws MalformedException {
    require(offset, 4, field);
    return Integer.toUnsignedLong(segment.get(U32, offset));
  }

  /** A u64 as raw bits. */
  long u64(long offset, String field) throws MalformedException {
    require(offset, 8, field);
    return segment.get(U64, offset);
  }

  /** A u64 that counts or places bytes: at most 2^60, so that sums never wrap. */
  long amount(long offset, String field) throws MalformedException {
    long value = u64(offset, field);
    if (value < 0 || value > 1L << 60) {
      throw malformed(offset, field + " 0x" + Long.toHexString(value), "at most 2^60");
    }
    return value;
  }

  Bytes bytes(long offset, int size, String field) throws MalformedException {
    require(offset, size, field);
    byte[] copy = new byte[size];
    MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, offset, copy, 0, size);
    return Bytes.wrap(copy);
  }

  /** Copies a range that was checked before. */
  void copy(long offset, byte[] target, int at, int size) {
    MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, offset, target, at, size);
  }

  /** All of it; refused above {@code limit} bytes. */
  public Bytes all(int limit) throws MalformedException {
    if (size() > limit) {
      throw malformed(limit, size() + " bytes", "at most " + limit + " bytes");
    }
    return bytes(0, (int) size(), what);
  }

  public boolean startsWith(Bytes prefix) {
    return size() >= prefix.size()
        && segment.asSlice(0, prefix.size()).mismatch(MemorySegment.ofArray(prefix.toArray()))
            == -1;
  }

  /** Checks that {@code size} bytes for {@code field} lie inside. */
  void require(long offset, long size, String field) throws MalformedException {
    if (offset < 0 || size < 0 || offset > size() - size) {
      throw malformed(offset, "end after " + size() + " bytes", size + " bytes of " + field);
    }
  }

  MalformedException malformed(long offset, String found, String expected) {
    return new MalformedException(what, offset, found, expected);
  }

  /** Unmaps a mapped file; content that was given as bytes needs no closing. */
  @Override
  public void close() {
    owned.ifPresent(Arena::close);
  }
}
