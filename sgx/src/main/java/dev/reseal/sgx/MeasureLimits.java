package dev.reseal.sgx;

/**
 * How much work a file may ask of whoever measures it.
 *
 * @param pages EADD records, 64 bytes of hashing each
 * @param measuredPages pages whose content is hashed too, 5,184 bytes each
 */
public record MeasureLimits(long pages, long measuredPages) {
  /** 128 GiB of enclave, 2 GiB of measured content. */
  public static final MeasureLimits DEFAULT = new MeasureLimits(1L << 25, 1L << 19);
}
