package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;

/** TARGETINFO: the 512 bytes that name the enclave a report is made for (SDM volume 3D). */
public record TargetInfo(
    Bytes mrEnclave, Attributes attributes, int configSvn, int miscSelect, Bytes configId) {
  public static final int SIZE = 512;

  public TargetInfo {
    Check.size("MRENCLAVE", mrEnclave, 32);
    Check.u16("CONFIGSVN", configSvn);
    Check.size("CONFIGID", configId, 64);
  }

  public static TargetInfo parse(Bytes bytes) throws MalformedException {
    Fields in = Fields.exactly(SIZE, "TARGETINFO", bytes);
    Bytes mrEnclave = in.bytes(32);
    Attributes attributes = in.attributes();
    in.zero(2);
    int configSvn = in.u16();
    int miscSelect = in.bits32();
    in.zero(8);
    Bytes configId = in.bytes(64);
    in.zero(384);
    return new TargetInfo(mrEnclave, attributes, configSvn, miscSelect, configId);
  }

  public Bytes encode() {
    return new Writer(SIZE)
        .bytes(mrEnclave)
        .attributes(attributes)
        .zero(2)
        .u16(configSvn)
        .u32(miscSelect)
        .zero(8)
        .bytes(configId)
        .zero(384)
        .done();
  }
}
