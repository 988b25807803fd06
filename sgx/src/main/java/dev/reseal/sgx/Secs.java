package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;

/**
 * SECS (4,096 bytes), the control structure of an enclave (SDM volume 3D). MRENCLAVE, MRSIGNER,
 * ISVPRODID and ISVSVN are zero in the source of ECREATE and set by the processor. Family and
 * extended product id are kept by the processor where the manual does not say; they are not here.
 */
public record Secs(
    long size,
    long baseAddress,
    int ssaFramePages,
    int miscSelect,
    Attributes attributes,
    Bytes mrEnclave,
    Bytes mrSigner,
    Bytes configId,
    int isvProdId,
    int isvSvn,
    int configSvn) {
  public static final int SIZE = 4096;

  public Secs {
    Check.size("MRENCLAVE", mrEnclave, 32);
    Check.size("MRSIGNER", mrSigner, 32);
    Check.size("CONFIGID", configId, 64);
    Check.u16("ISVPRODID", isvProdId);
    Check.u16("ISVSVN", isvSvn);
    Check.u16("CONFIGSVN", configSvn);
  }

  /** The source of an ECREATE. */
  public static Secs toCreate(
      long size,
      int ssaFramePages,
      int miscSelect,
      Attributes attributes,
      Bytes configId,
      int configSvn) {
    Bytes none = Bytes.zeros(32);
    return new Secs(
        size, 0, ssaFramePages, miscSelect, attributes, none, none, configId, 0, 0, configSvn);
  }

  public static Secs parse(Bytes bytes) throws MalformedException {
    Fields in = Fields.exactly(SIZE, "SECS", bytes);
    long size = in.bits64();
    if (Long.bitCount(size) != 1 || size < 0) {
      throw in.malformed(0, "size 0x" + Long.toHexString(size), "a power of two");
    }
    long base = in.bits64();
    if ((base & (size - 1)) != 0) {
      throw in.malformed(8, "base 0x" + Long.toHexString(base), "a multiple of the size");
    }
    int ssaFramePages = in.bits32();
    int miscSelect = in.bits32();
    in.zero(24);
    Attributes attributes = in.attributes();
    Bytes mrEnclave = in.bytes(32);
    in.zero(32);
    Bytes mrSigner = in.bytes(32);
    in.zero(32);
    Bytes configId = in.bytes(64);
    int isvProdId = in.u16();
    int isvSvn = in.u16();
    int configSvn = in.u16();
    in.zero(3834);
    return new Secs(
        size,
        base,
        ssaFramePages,
        miscSelect,
        attributes,
        mrEnclave,
        mrSigner,
        configId,
        isvProdId,
        isvSvn,
        configSvn);
  }

  public Bytes encode() {
    return new Writer(SIZE)
        .u64(size)
        .u64(baseAddress)
        .u32(ssaFramePages)
        .u32(miscSelect)
        .zero(24)
        .attributes(attributes)
        .bytes(mrEnclave)
        .zero(32)
        .bytes(mrSigner)
        .zero(32)
        .bytes(configId)
        .u16(isvProdId)
        .u16(isvSvn)
        .u16(configSvn)
        .zero(3834)
        .done();
  }
}
