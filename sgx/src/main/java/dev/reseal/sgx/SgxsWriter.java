package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Writes an enclave as an SGXS stream and computes its MRENCLAVE on the way. Pages must rise.
 * Closing it closes the stream below.
 */
public final class SgxsWriter implements AutoCloseable {
  private final OutputStream out;
  private final Mrenclave hash;

  /** Writes the ECREATE of an enclave of {@code size} bytes, a power of two. */
  public SgxsWriter(OutputStream out, int ssaFramePages, long size) throws IOException {
    this.out = out;
    this.hash = new Mrenclave(ssaFramePages, size);
    write(new Writer(64).u64(SgxsStream.ECREATE).u32(ssaFramePages).u64(size).zero(44).done());
  }

  /** A page whose content is not part of the stream: it is zero. */
  public void add(long offset, SecInfo secInfo) throws IOException {
    hash.add(offset, secInfo);
    write(new Writer(64).u64(SgxsStream.EADD).u64(offset).u64(secInfo.flags()).zero(40).done());
  }

  /** A page of 4,096 bytes, measured in full. */
  public void page(long offset, SecInfo secInfo, Bytes content) throws IOException {
    Check.size("page", content, Mrenclave.PAGE);
    add(offset, secInfo);
    for (int at = 0; at < Mrenclave.PAGE; at += Mrenclave.CHUNK) {
      Bytes chunk = content.slice(at, Mrenclave.CHUNK);
      hash.extend(offset + at, chunk);
      write(new Writer(64).u64(SgxsStream.EEXTEND).u64(offset + at).zero(48).done());
      write(chunk);
    }
  }

  /** MRENCLAVE of what was written so far. */
  public Bytes mrEnclave() {
    return hash.digest();
  }

  private void write(Bytes bytes) throws IOException {
    out.write(bytes.toArray());
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
