package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;

/**
 * What measuring an image gave.
 *
 * @param size bytes of address range
 * @param pages pages added
 * @param measuredPages pages whose content is part of the measurement
 */
public record Measured(Bytes mrEnclave, long size, long pages, long measuredPages) {
  public Measured {
    Check.size("MRENCLAVE", mrEnclave, 32);
  }

  /** EPC pages that creating it takes: its own, the SECS, and a version array per 512. */
  public long epcPages() {
    return pages + 1 + (pages + 1 + 511) / 512;
  }
}
