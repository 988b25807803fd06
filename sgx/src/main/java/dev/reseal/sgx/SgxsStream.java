package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Reads an SGXS stream: the measured records themselves as a file format (rust-sgx {@code
 * intel-sgx/sgxs}). Strict: one ECREATE first, pages in rising order, chunks inside the last page
 * and at most once.
 */
public final class SgxsStream {
  private static final int RECORD = 64;
  private static final byte[] NOTHING = new byte[RECORD];
  static final long ECREATE = Mrenclave.tag("ECREATE");
  static final long EADD = Mrenclave.tag("EADD");
  static final long EEXTEND = Mrenclave.tag("EEXTEND");
  static final long UNMEASURED = Mrenclave.tag("UNMEASRD");
  static final long UNSIZED = Mrenclave.tag("UNSIZED");

  /**
   * What a stream holds.
   *
   * @param unmeasuredChunks 256-byte pieces that are loaded but not measured
   */
  public record Contents(
      Measured measured, int ssaFramePages, long measuredChunks, long unmeasuredChunks) {}

  private static final int WINDOW = 4 * Mrenclave.PAGE_RECORDS;
  private static final int CHUNK_RECORDS = RECORD + Mrenclave.CHUNK;
  private static final int CHUNKS = Mrenclave.PAGE / Mrenclave.CHUNK;
  private static final int ALL_CHUNKS = 0xFFFF;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final Content in;
  private final MeasureLimits limits;
  private final MessageDigest hash = Bytes.newSha256();
  private final long size;
  private final int ssaFramePages;

  /** A piece of the file from {@code base}; {@code next} and {@code hashed} are places in it. */
  private final byte[] window = new byte[WINDOW];

  private final ByteBuffer fields = ByteBuffer.wrap(window).order(ByteOrder.LITTLE_ENDIAN);
  private long base;
  private int filled;
  private int next;
  private int hashed;

  private long pages;
  private long page = -1;
  private int seenChunks;
  private int measuredHere;
  private long fullPages;
  private long measuredChunks;
  private long unmeasuredChunks;

  private SgxsStream(Content in, MeasureLimits limits) throws MalformedException {
    this.in = in;
    this.limits = limits;
    need(RECORD, "record");
    long tag = fields.getLong(0);
    if (tag == UNSIZED) {
      throw in.malformed(0, "UNSIZED", "ECREATE (set the size of the enclave first)");
    }
    if (tag != ECREATE) {
      throw in.malformed(0, name(tag), "ECREATE");
    }
    this.ssaFramePages = fields.getInt(8);
    this.size = fields.getLong(12);
    if (size < 2 * Mrenclave.PAGE || Long.bitCount(size) != 1) {
      throw in.malformed(12, "size 0x" + Long.toHexString(size), "a power of two above 0x1000");
    }
    requireZero(20);
    next = RECORD;
  }

  /** Whether a file begins like an SGXS stream. */
  static boolean recognises(Content file) {
    return file.startsWith(Bytes.ascii("ECREATE\0")) || file.startsWith(Bytes.ascii("UNSIZED\0"));
  }

  /** Measures the stream in {@code file}. */
  public static Contents measure(Content file, MeasureLimits limits) throws MalformedException {
    return new SgxsStream(file, limits).run();
  }

  private Contents run() throws MalformedException {
    while (base + next < in.size()) {
      prefer(Mrenclave.PAGE_RECORDS);
      need(RECORD, "record");
      long tag = fields.getLong(next);
      if (tag == EADD) {
        add();
      } else if (tag == EEXTEND || tag == UNMEASURED) {
        chunk(tag == EEXTEND);
      } else {
        throw malformed(0, name(tag), "EADD, EEXTEND or UNMEASRD");
      }
    }
    closePage();
    hashUpToNext();
    Measured measured = new Measured(Bytes.wrap(hash.digest()), size, pages, fullPages);
    return new Contents(measured, ssaFramePages, measuredChunks, unmeasuredChunks);
  }

  private void add() throws MalformedException {
    closePage();
    long offset = fields.getLong(next + 8);
    if (offset % Mrenclave.PAGE != 0 || offset < 0 || offset > size - Mrenclave.PAGE) {
      throw malformed(8, "page " + hex(offset), "an aligned page inside the enclave");
    }
    if (offset <= page) {
      throw malformed(8, "page " + hex(offset), "one above " + hex(page) + " (pages rise)");
    }
    if (pages == limits.pages()) {
      throw malformed(0, "more pages", "at most " + limits.pages());
    }
    SecInfo secInfo = SecInfo.checked("SGXS", base + next + 16, fields.getLong(next + 16));
    if (secInfo.pageType() == SecInfo.TYPE_TCS && secInfo.permissions() != 0) {
      throw malformed(16, secInfo.toString(), "a TCS without permissions");
    }
    requireZero(24);
    pages++;
    page = offset;
    next += RECORD;
    if (isMeasuredInOrder() && measuredChunks + CHUNKS <= CHUNKS * limits.measuredPages()) {
      seenChunks = ALL_CHUNKS;
      measuredHere = ALL_CHUNKS;
      measuredChunks += CHUNKS;
      next += CHUNKS * CHUNK_RECORDS;
    }
  }

  /** Whether the sixteen records that make a page complete follow: the usual case, and quick. */
  private boolean isMeasuredInOrder() {
    if (next + CHUNKS * CHUNK_RECORDS > filled) {
      return false;
    }
    long wrong = 0;
    for (int i = 0; i < CHUNKS; i++) {
      int at = next + i * CHUNK_RECORDS;
      wrong |= word(at) ^ EEXTEND;
      wrong |= word(at + 8) ^ (page + (long) i * Mrenclave.CHUNK);
      wrong |= word(at + 16) | word(at + 24) | word(at + 32);
      wrong |= word(at + 40) | word(at + 48) | word(at + 56);
    }
    return wrong == 0;
  }

  private long word(int at) {
    return (long) LONG.get(window, at);
  }

  private void chunk(boolean measured) throws MalformedException {
    need(CHUNK_RECORDS, "record and 256 bytes of chunk data");
    long offset = fields.getLong(next + 8);
    if (page < 0
        || offset % Mrenclave.CHUNK != 0
        || offset < page
        || offset >= page + Mrenclave.PAGE) {
      throw malformed(
          8,
          "chunk " + hex(offset),
          page < 0 ? "an EADD before it" : "one in the page " + hex(page));
    }
    int bit = 1 << (int) ((offset - page) / Mrenclave.CHUNK);
    if ((seenChunks & bit) != 0) {
      throw malformed(8, "chunk " + hex(offset) + " again", "each once");
    }
    requireZero(16);
    seenChunks |= bit;
    if (measured) {
      measuredHere |= bit;
      measuredChunks++;
      if (measuredChunks / 16 > limits.measuredPages()) {
        throw malformed(0, "more pages", "at most " + limits.measuredPages() + " measured");
      }
      next += CHUNK_RECORDS;
    } else {
      hashUpToNext();
      unmeasuredChunks++;
      next += CHUNK_RECORDS;
      hashed = next;
    }
  }

  /** Counts the page that ends here, if all of its chunks were measured. */
  private void closePage() {
    if (measuredHere == ALL_CHUNKS) {
      fullPages++;
    }
    seenChunks = 0;
    measuredHere = 0;
  }

  /** Makes sure that {@code bytes} from {@link #next} are in the window. */
  private void need(int bytes, String what) throws MalformedException {
    if (next + bytes <= filled) {
      return;
    }
    in.require(base + next, bytes, what);
    refill();
  }

  /** Has {@code bytes} from {@link #next} in the window if the file goes on that far. */
  private void prefer(int bytes) {
    if (next + bytes > filled && base + filled < in.size()) {
      refill();
    }
  }

  private void refill() {
    hashUpToNext();
    base += next;
    filled = (int) Math.min(WINDOW, in.size() - base);
    in.copy(base, window, 0, filled);
    next = 0;
    hashed = 0;
  }

  /** Hashes the records as they stand in the file: that is what the processor hashes too. */
  private void hashUpToNext() {
    hash.update(window, hashed, next - hashed);
    hashed = next;
  }

  /** The rest of the record is padding. */
  private void requireZero(int from) throws MalformedException {
    int bad = Arrays.mismatch(window, next + from, next + RECORD, NOTHING, from, RECORD);
    if (bad >= 0) {
      throw malformed(
          from + bad, "%02x".formatted(window[next + from + bad]), "a zero byte (padding)");
    }
  }

  private MalformedException malformed(int offset, String found, String expected) {
    return in.malformed(base + next + offset, found, expected);
  }

  private static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }

  private static String name(long tag) {
    StringBuilder name = new StringBuilder("record ");
    for (int i = 0; i < 8; i++) {
      char c = (char) ((tag >>> (8 * i)) & 0xFF);
      name.append(c < 0x20 || c > 0x7E ? (char) 0x2E : c);
    }
    return name.toString();
  }
}
