package dev.reseal.platform;

import dev.reseal.bytes.Bytes;

/**
 * What a platform is.
 *
 * @param kind {@link #SGX} or {@link #EMULATED}; evidence proves it, this only announces it
 * @param id 32 bytes: SHA-256 of the PCK public key (SubjectPublicKeyInfo)
 * @param root SHA-256 of the root's SubjectPublicKeyInfo
 */
public record PlatformInfo(int kind, Bytes id, Bytes root) {
  public static final int SGX = 1;
  public static final int EMULATED = 2;

  /** The word for verdicts and tables. */
  public String word() {
    return kind == SGX ? "SGX" : "EMULATED";
  }
}
