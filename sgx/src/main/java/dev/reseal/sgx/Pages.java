package dev.reseal.sgx;

import java.nio.ByteBuffer;

/** Adds pages to a measurement, refusing those outside the enclave and those above the limits. */
final class Pages {
  private final String what;
  private final Mrenclave hash;
  private final long shift;
  private final MeasureLimits limits;
  private final byte[] page = new byte[Mrenclave.PAGE];
  private final ByteBuffer view = ByteBuffer.wrap(page);

  /** {@code shift} is added to every address: where address 0 of the image lies in the enclave. */
  Pages(String what, int ssaFramePages, long size, long shift, MeasureLimits limits) {
    this.what = what;
    this.hash = new Mrenclave(ssaFramePages, size);
    this.shift = shift;
    this.limits = limits;
  }

  /** The page to be filled before {@link #measured}; keeps its content between calls. */
  byte[] page() {
    return page;
  }

  void measured(long address, SecInfo secInfo) throws MalformedException {
    long offset = checked(address);
    if (hash.measured() == limits.measuredPages()) {
      throw tooMany(address, limits.measuredPages() + " measured pages");
    }
    hash.page(offset, secInfo, view.clear());
  }

  void added(long address, SecInfo secInfo) throws MalformedException {
    hash.add(checked(address), secInfo);
  }

  private long checked(long address) throws MalformedException {
    long offset = address + shift;
    if (offset % Mrenclave.PAGE != 0 || offset < 0 || offset > hash.size() - Mrenclave.PAGE) {
      throw new MalformedException(
          what,
          address,
          "a page at 0x" + Long.toHexString(offset),
          "an aligned page inside the enclave of 0x" + Long.toHexString(hash.size()) + " bytes");
    }
    if (hash.added() == limits.pages()) {
      throw tooMany(address, limits.pages() + " pages");
    }
    return offset;
  }

  private MalformedException tooMany(long address, String limit) {
    return new MalformedException(what, address, "more pages", "at most " + limit);
  }

  Measured done() {
    return new Measured(hash.digest(), hash.size(), hash.added(), hash.measured());
  }
}
