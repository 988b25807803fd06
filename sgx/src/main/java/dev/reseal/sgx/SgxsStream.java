package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.security.MessageDigest;
import java.util.BitSet;

/**
 * Reads an SGXS stream: the measured records themselves as a file format (rust-sgx {@code
 * intel-sgx/sgxs}). Strict: one ECREATE first, pages in rising order, chunks inside the last page
 * and at most once.
 */
public final class SgxsStream {
  private static final int RECORD = 64;
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

  private final Content in;
  private final MeasureLimits limits;
  private final MessageDigest hash = Bytes.newSha256();
  private final byte[] buffer = new byte[Mrenclave.PAGE_RECORDS];
  private final long size;
  private final int ssaFramePages;
  private final BitSet chunks = new BitSet(Mrenclave.PAGE / Mrenclave.CHUNK);
  private long at = RECORD;
  private long hashed;
  private long pages;
  private long page = -1;
  private long fullPages;
  private long measuredChunks;
  private long unmeasuredChunks;

  private SgxsStream(Content in, MeasureLimits limits) throws MalformedException {
    this.in = in;
    this.limits = limits;
    long tag = in.u64(0, "first record");
    if (tag == UNSIZED) {
      throw in.malformed(0, "UNSIZED", "ECREATE (set the size of the enclave first)");
    }
    if (tag != ECREATE) {
      throw in.malformed(0, name(tag), "ECREATE");
    }
    this.ssaFramePages = (int) in.u32(8, "SSAFRAMESIZE");
    long size = in.u64(12, "SIZE");
    if (size < 2 * Mrenclave.PAGE || Long.bitCount(size) != 1) {
      throw in.malformed(12, "size 0x" + Long.toHexString(size), "a power of two above 0x1000");
    }
    requireZero(20, RECORD);
    this.size = size;
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
    while (at < in.size()) {
      long tag = in.u64(at, "record");
      in.require(at, RECORD, "record");
      if (tag == EADD) {
        add();
      } else if (tag == EEXTEND || tag == UNMEASURED) {
        chunk(tag == EEXTEND);
      } else {
        throw in.malformed(at, name(tag), "EADD, EEXTEND or UNMEASRD");
      }
    }
    closePage();
    hash(at);
    Measured measured = new Measured(Bytes.wrap(hash.digest()), size, pages, fullPages);
    return new Contents(measured, ssaFramePages, measuredChunks, unmeasuredChunks);
  }

  private void add() throws MalformedException {
    closePage();
    hash(at);
    long offset = in.u64(at + 8, "page offset");
    long flags = in.u64(at + 16, "SECINFO");
    if (offset % Mrenclave.PAGE != 0 || offset < 0 || offset > size - Mrenclave.PAGE) {
      throw in.malformed(
          at + 8, "page 0x" + Long.toHexString(offset), "an aligned page inside the enclave");
    }
    if (offset <= page) {
      throw in.malformed(
          at + 8,
          "page 0x" + Long.toHexString(offset),
          "one above 0x" + Long.toHexString(page) + " (pages rise)");
    }
    if (pages == limits.pages()) {
      throw in.malformed(at, "more pages", "at most " + limits.pages());
    }
    SecInfo secInfo = SecInfo.checked("SGXS", at + 16, flags);
    if (secInfo.pageType() == SecInfo.TYPE_TCS && secInfo.permissions() != 0) {
      throw in.malformed(at + 16, secInfo.toString(), "a TCS without permissions");
    }
    requireZero(at + 24, at + RECORD);
    pages++;
    page = offset;
    at += RECORD;
  }

  private void chunk(boolean measured) throws MalformedException {
    long offset = in.u64(at + 8, "chunk offset");
    if (page < 0
        || offset % Mrenclave.CHUNK != 0
        || offset < page
        || offset >= page + Mrenclave.PAGE) {
      throw in.malformed(
          at + 8,
          "chunk 0x" + Long.toHexString(offset),
          page < 0 ? "an EADD before it" : "one in the page 0x" + Long.toHexString(page));
    }
    int index = (int) ((offset - page) / Mrenclave.CHUNK);
    if (chunks.get(index)) {
      throw in.malformed(at + 8, "chunk 0x" + Long.toHexString(offset) + " again", "each once");
    }
    requireZero(at + 16, at + RECORD);
    in.require(at + RECORD, Mrenclave.CHUNK, "chunk data");
    chunks.set(index);
    if (measured) {
      measuredChunks++;
      if (measuredChunks / 16 > limits.measuredPages()) {
        throw in.malformed(at, "more pages", "at most " + limits.measuredPages() + " measured");
      }
    } else {
      hash(at);
      hashed = at + RECORD + Mrenclave.CHUNK;
      unmeasuredChunks++;
      chunks.set(Mrenclave.PAGE / Mrenclave.CHUNK);
    }
    at += RECORD + Mrenclave.CHUNK;
  }

  /** Counts the page that ends here, if all of its chunks were measured. */
  private void closePage() {
    if (chunks.cardinality() == Mrenclave.PAGE / Mrenclave.CHUNK
        && !chunks.get(Mrenclave.PAGE / Mrenclave.CHUNK)) {
      fullPages++;
    }
    chunks.clear();
  }

  /** Padding: a multiple of 4 bytes that must be zero. */
  private void requireZero(long from, long to) throws MalformedException {
    long i = from;
    for (; i + 8 <= to; i += 8) {
      if (in.u64(i, "record padding") != 0) {
        break;
      }
    }
    for (; i < to; i += 4) {
      long found = in.u32(i, "record padding");
      if (found != 0) {
        throw in.malformed(i, "0x%x".formatted(found), "zero (padding)");
      }
    }
  }

  /** Hashes what was checked since the last call, up to {@code end}: the records as they stand. */
  private void hash(long end) {
    while (hashed < end) {
      int size = (int) Math.min(buffer.length, end - hashed);
      in.copy(hashed, buffer, 0, size);
      hash.update(buffer, 0, size);
      hashed += size;
    }
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
