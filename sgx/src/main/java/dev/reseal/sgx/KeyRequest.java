package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;

/**
 * KEYREQUEST, the 512-byte argument of EGETKEY (SDM volume 3D, "KEYREQUEST"). Key names and policy
 * bits are kept as numbers: whether the processor knows them is its answer, not a matter of form.
 */
public record KeyRequest(
    int keyName,
    int keyPolicy,
    int isvSvn,
    Bytes cpuSvn,
    Attributes attributeMask,
    Bytes keyId,
    int miscMask,
    int configSvn) {
  public static final int SIZE = 512;

  public static final int EINITTOKEN_KEY = 0;
  public static final int PROVISION_KEY = 1;
  public static final int PROVISION_SEAL_KEY = 2;
  public static final int REPORT_KEY = 3;
  public static final int SEAL_KEY = 4;

  public static final int POLICY_MRENCLAVE = 0x1;
  public static final int POLICY_MRSIGNER = 0x2;
  public static final int POLICY_NOISVPRODID = 0x4;
  public static final int POLICY_CONFIGID = 0x8;
  public static final int POLICY_ISVFAMILYID = 0x10;
  public static final int POLICY_ISVEXTPRODID = 0x20;

  /** Every policy bit that the processor knows. */
  public static final int POLICY_KNOWN = 0x3F;

  /** The policy bits that only an enclave with the KSS attribute may use. */
  public static final int POLICY_KSS = 0x3C;

  public KeyRequest {
    Check.u16("KEYNAME", keyName);
    Check.u16("KEYPOLICY", keyPolicy);
    Check.u16("ISVSVN", isvSvn);
    Check.size("CPUSVN", cpuSvn, 16);
    Check.size("KEYID", keyId, 32);
    Check.u16("CONFIGSVN", configSvn);
  }

  public static KeyRequest parse(Bytes bytes) throws MalformedException {
    Fields in = Fields.exactly(SIZE, "KEYREQUEST", bytes);
    int keyName = in.u16();
    int keyPolicy = in.u16();
    int isvSvn = in.u16();
    in.zero(2);
    Bytes cpuSvn = in.bytes(16);
    Attributes attributeMask = in.attributes();
    Bytes keyId = in.bytes(32);
    int miscMask = in.bits32();
    int configSvn = in.u16();
    in.zero(434);
    return new KeyRequest(
        keyName, keyPolicy, isvSvn, cpuSvn, attributeMask, keyId, miscMask, configSvn);
  }

  public Bytes encode() {
    return new Writer(SIZE)
        .u16(keyName)
        .u16(keyPolicy)
        .u16(isvSvn)
        .zero(2)
        .bytes(cpuSvn)
        .attributes(attributeMask)
        .bytes(keyId)
        .u32(miscMask)
        .u16(configSvn)
        .zero(434)
        .done();
  }

  /** Whether all bits of {@code policy} are asked for. */
  public boolean binds(int policy) {
    return (keyPolicy & policy) == policy;
  }
}
