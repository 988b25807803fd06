package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import java.security.MessageDigest;

/**
 * REPORT (432 bytes): body, KEYID and an AES-128-CMAC over the body under the report key of the
 * enclave it was made for.
 */
public record Report(ReportBody body, Bytes keyId, Bytes mac) {
  public static final int SIZE = 432;

  public Report {
    Check.size("KEYID", keyId, 32);
    Check.size("MAC", mac, 16);
  }

  public static Report parse(Bytes bytes) throws MalformedException {
    Fields in = Fields.exactly(SIZE, "REPORT", bytes);
    return new Report(ReportBody.read(in), in.bytes(32), in.bytes(16));
  }

  /** A report over {@code body} for the enclave that owns {@code reportKey}. */
  public static Report over(ReportBody body, Bytes keyId, Secret reportKey) {
    return new Report(body, keyId, AesCmac.mac(reportKey, body.encode()));
  }

  public Bytes encode() {
    return Bytes.concat(body.encode(), keyId, mac);
  }

  /** Whether the MAC is right under {@code reportKey}; compares in constant time. */
  public boolean isAuthentic(Secret reportKey) {
    Bytes expected = AesCmac.mac(reportKey, body.encode());
    return MessageDigest.isEqual(expected.toArray(), mac.toArray());
  }
}
