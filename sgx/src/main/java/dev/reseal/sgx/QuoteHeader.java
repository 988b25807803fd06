package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.util.Optional;

/**
 * The first 48 bytes of a quote and, of an SGX quote, its report body: what it claims, unverified.
 * Verification is another module's work.
 *
 * @param version 3, 4 or 5
 * @param attestationKeyType 2 is ECDSA P-256
 * @param teeType 0 SGX, 0x81 TDX
 * @param body of an SGX quote; a TD report is not read here
 */
public record QuoteHeader(
    int version,
    int attestationKeyType,
    long teeType,
    int qeSvn,
    int pceSvn,
    Bytes qeVendorId,
    Bytes userData,
    Optional<ReportBody> body) {
  public static final int SIZE = 48;
  public static final long TEE_SGX = 0;
  public static final long TEE_TDX = 0x81;

  /** QE vendor id of Intel, in every DCAP quote. */
  public static final Bytes INTEL_QE = Bytes.hex("939a7233f79c4ca9940a0db3957f0607");

  private static final int BODY_TYPE_SGX = 1;

  /** Reads the start of {@code quote}; what follows the body is not looked at. */
  public static QuoteHeader parse(Bytes quote) throws MalformedException {
    if (quote.size() < SIZE) {
      throw new MalformedException(
          "quote", quote.size(), quote.size() + " bytes", "at least " + SIZE);
    }
    Fields in = Fields.exactly(SIZE, "quote header", quote.slice(0, SIZE));
    int version = in.u16();
    if (version < 3 || version > 5) {
      throw in.malformed(0, "version " + version, "3, 4 or 5");
    }
    int keyType = in.u16();
    long teeType = in.u32();
    if (teeType != TEE_SGX && (teeType != TEE_TDX || version == 3)) {
      throw in.malformed(
          4, "TEE type 0x" + Long.toHexString(teeType), "0 (SGX) or, from version 4, 0x81 (TDX)");
    }
    int qeSvn = in.u16();
    int pceSvn = in.u16();
    return new QuoteHeader(
        version,
        keyType,
        teeType,
        qeSvn,
        pceSvn,
        in.bytes(16),
        in.bytes(20),
        body(quote, version, teeType));
  }

  private static Optional<ReportBody> body(Bytes quote, int version, long teeType)
      throws MalformedException {
    int at = SIZE;
    if (version == 5) {
      Bytes prefix = part(quote, at, 6, "body type and size");
      Fields in = Fields.exactly(6, "quote body prefix", prefix);
      int type = in.u16();
      if ((type == BODY_TYPE_SGX) != (teeType == TEE_SGX)) {
        throw in.malformed(0, "body type " + type, "the one of the header's TEE type");
      }
      at += 6;
    }
    if (teeType != TEE_SGX) {
      return Optional.empty();
    }
    return Optional.of(ReportBody.parse(part(quote, at, ReportBody.SIZE, "report body")));
  }

  private static Bytes part(Bytes quote, int at, int size, String what) throws MalformedException {
    if (quote.size() < at + size) {
      throw new MalformedException(
          "quote", at, "end after " + quote.size() + " bytes", size + " bytes of " + what);
    }
    return quote.slice(at, size);
  }

  /** Whether {@code file} begins like a quote of a known version. */
  static boolean recognises(Content file) throws MalformedException {
    return file.size() >= SIZE + ReportBody.SIZE
        && file.u16(0, "version") >= 3
        && file.u16(0, "version") <= 5
        && file.u16(2, "attestation key type") <= 3
        && file.bytes(12, 16, "QE vendor").equals(INTEL_QE);
  }
}
