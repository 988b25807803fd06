package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;

/** How a quote says which platform it comes from (sgx_quote_3.h, certification data types). */
public record CertificationData(int type, Bytes data) {
  /** PEM of PCK certificate, intermediate CA and root: the only type that can be verified as is. */
  public static final int PCK_CHAIN = 5;

  static final int QE_REPORT = 6;

  static CertificationData read(LittleEndianReader in) throws MalformedException {
    int type = in.u16("certification data type");
    Bytes data = in.take(in.u32("certification data size"), "certification data");
    boolean known =
        switch (type) {
          case 1 -> data.size() == 34 || data.size() == 36;
          case 2 -> data.size() == 276;
          case 3 -> data.size() == 404;
          case 4, PCK_CHAIN, QE_REPORT, 7 -> true;
          default -> false;
        };
    if (!known) {
      throw in.malformed(
          "type " + type + " with " + data.size() + " bytes", "certification data of a known type");
    }
    return new CertificationData(type, data);
  }

  /** What data of another type would need before it could be verified. */
  public String needed() {
    return switch (type) {
      case 1 -> "the PCK certificate for this plain PPID, CPUSVN and PCESVN";
      case 2 -> "the PCK certificate for this PPID, encrypted with RSA-2048 (PCS: pckcert)";
      case 3 -> "the PCK certificate for this PPID, encrypted with RSA-3072 (PCS: pckcert)";
      case 4 -> "the issuer chain of this PCK certificate";
      case 7 -> "registration of this platform manifest, then its PCK certificate";
      default -> "a PCK certificate chain (type 5)";
    };
  }
}
