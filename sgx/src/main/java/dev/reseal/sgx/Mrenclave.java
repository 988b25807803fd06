package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Computes MRENCLAVE: SHA-256 over the 64-byte records of ECREATE, EADD and EEXTEND, each EEXTEND
 * followed by the 256 bytes it measures (SDM volume 3D, leaf functions). Holds one page at a time.
 * Offsets are relative to the enclave's base address. Misuse is a bug and throws {@link
 * IllegalArgumentException}. Not for use by several threads.
 */
public final class Mrenclave {
  public static final int PAGE = 4096;
  public static final int CHUNK = 256;
  private static final int RECORD = 64;
  private static final int MEASURED = RECORD + CHUNK;

  /** Bytes hashed for one page that is added and measured in full. */
  public static final int PAGE_RECORDS = RECORD + PAGE / CHUNK * MEASURED;

  private static final long ECREATE = tag("ECREATE");
  private static final long EADD = tag("EADD");
  private static final long EEXTEND = tag("EEXTEND");
  private static final byte[] NOTHING = new byte[RECORD];

  private final MessageDigest hash = Bytes.newSha256();
  private final byte[] records = new byte[PAGE_RECORDS];
  private final ByteBuffer out = ByteBuffer.wrap(records).order(ByteOrder.LITTLE_ENDIAN);
  private final long size;
  private long added;
  private long measured;

  /** ECREATE of an enclave of {@code size} bytes, a power of two of at least two pages. */
  public Mrenclave(int ssaFramePages, long size) {
    if (size < 2 * PAGE || Long.bitCount(size) != 1) {
      throw new IllegalArgumentException("enclave size " + size + " is not a power of two >= 8192");
    }
    this.size = size;
    for (int i = 0; i < PAGE / CHUNK; i++) {
      out.putLong(RECORD + i * MEASURED, EEXTEND);
    }
    byte[] create = new byte[RECORD];
    ByteBuffer.wrap(create)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(ECREATE)
        .putInt(ssaFramePages)
        .putLong(size);
    hash.update(create);
  }

  /** EADD without EEXTEND: the page's content is not measured, that it exists is. */
  public void add(long offset, SecInfo secInfo) {
    eadd(offset, secInfo.flags());
    hash.update(records, 0, RECORD);
  }

  /** EEXTEND of the 256 bytes at {@code offset}. */
  public void extend(long offset, Bytes chunk) {
    Check.size("EEXTEND data", chunk, CHUNK);
    requireInside(offset, CHUNK);
    out.putLong(RECORD + 8, offset).put(2 * RECORD, chunk.buffer(), 0, CHUNK);
    hash.update(records, RECORD, MEASURED);
  }

  /** EADD and sixteen EEXTEND of one page, taking 4,096 bytes from {@code content}. */
  public void page(long offset, SecInfo secInfo, ByteBuffer content) {
    if (content.remaining() < PAGE) {
      throw new IllegalArgumentException(content.remaining() + " bytes left of a page");
    }
    eadd(offset, secInfo.flags());
    for (int i = 0; i < PAGE / CHUNK; i++) {
      int at = RECORD + i * MEASURED;
      out.putLong(at + 8, offset + (long) i * CHUNK);
      content.get(records, at + RECORD, CHUNK);
    }
    hash.update(records);
    measured++;
  }

  /** Pages added so far, measured or not. */
  public long added() {
    return added;
  }

  /** Pages measured in full by {@link #page}. */
  public long measured() {
    return measured;
  }

  public long size() {
    return size;
  }

  /** MRENCLAVE of what was added so far; more may be added afterwards. */
  public Bytes digest() {
    try {
      return Bytes.wrap(((MessageDigest) hash.clone()).digest());
    } catch (CloneNotSupportedException impossible) {
      throw new IllegalStateException("SHA-256 of this JDK cannot be copied", impossible);
    }
  }

  private void eadd(long offset, long flags) {
    if (offset % PAGE != 0) {
      throw new IllegalArgumentException("page offset " + offset + " is not page-aligned");
    }
    requireInside(offset, PAGE);
    out.put(0, NOTHING).putLong(0, EADD).putLong(8, offset).putLong(16, flags);
    added++;
  }

  private void requireInside(long offset, int length) {
    if (offset < 0 || offset > size - length || offset % CHUNK != 0) {
      throw new IllegalArgumentException(
          "offset " + offset + " is not an aligned place inside an enclave of " + size + " bytes");
    }
  }

  static long tag(String name) {
    byte[] tag = Arrays.copyOf(name.getBytes(StandardCharsets.US_ASCII), 8);
    return ByteBuffer.wrap(tag).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }
}
