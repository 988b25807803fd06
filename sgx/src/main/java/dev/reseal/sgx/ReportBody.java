package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;

/**
 * The 384 bytes of a REPORT that its MAC covers; the same bytes stand in a quote (SDM volume 3D,
 * "REPORT"). {@link #parse} refuses reserved bytes that are not zero, as EREPORT never sets them.
 */
public record ReportBody(
    Bytes cpuSvn,
    int miscSelect,
    Bytes isvExtProdId,
    Attributes attributes,
    Bytes mrEnclave,
    Bytes mrSigner,
    Bytes configId,
    int isvProdId,
    int isvSvn,
    int configSvn,
    Bytes isvFamilyId,
    Bytes reportData) {
  public static final int SIZE = 384;

  public ReportBody {
    Check.size("CPUSVN", cpuSvn, 16);
    Check.size("ISVEXTPRODID", isvExtProdId, 16);
    Check.size("MRENCLAVE", mrEnclave, 32);
    Check.size("MRSIGNER", mrSigner, 32);
    Check.size("CONFIGID", configId, 64);
    Check.u16("ISVPRODID", isvProdId);
    Check.u16("ISVSVN", isvSvn);
    Check.u16("CONFIGSVN", configSvn);
    Check.size("ISVFAMILYID", isvFamilyId, 16);
    Check.size("REPORTDATA", reportData, 64);
  }

  public static ReportBody parse(Bytes bytes) throws MalformedException {
    return read(Fields.exactly(SIZE, "REPORT body", bytes));
  }

  static ReportBody read(Fields in) throws MalformedException {
    Bytes cpuSvn = in.bytes(16);
    int miscSelect = in.bits32();
    in.zero(12);
    Bytes isvExtProdId = in.bytes(16);
    Attributes attributes = in.attributes();
    Bytes mrEnclave = in.bytes(32);
    in.zero(32);
    Bytes mrSigner = in.bytes(32);
    in.zero(32);
    Bytes configId = in.bytes(64);
    int isvProdId = in.u16();
    int isvSvn = in.u16();
    int configSvn = in.u16();
    in.zero(42);
    return new ReportBody(
        cpuSvn,
        miscSelect,
        isvExtProdId,
        attributes,
        mrEnclave,
        mrSigner,
        configId,
        isvProdId,
        isvSvn,
        configSvn,
        in.bytes(16),
        in.bytes(64));
  }

  public Bytes encode() {
    return new Writer(SIZE)
        .bytes(cpuSvn)
        .u32(miscSelect)
        .zero(12)
        .bytes(isvExtProdId)
        .attributes(attributes)
        .bytes(mrEnclave)
        .zero(32)
        .bytes(mrSigner)
        .zero(32)
        .bytes(configId)
        .u16(isvProdId)
        .u16(isvSvn)
        .u16(configSvn)
        .zero(42)
        .bytes(isvFamilyId)
        .bytes(reportData)
        .done();
  }
}
