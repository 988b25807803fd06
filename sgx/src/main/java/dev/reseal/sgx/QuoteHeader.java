package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.util.Optional;

/**
 * The first 48 bytes of a quote and, of an SGX quote, its report body: what it claims, unverified.
 * Verification is another module's work; only that the quote is whole is looked at here.
 *
 * @param version 3, 4 or 5
 * @param attestationKeyType 2 is ECDSA P-256, 3 is P-384
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

  /** Where the vendor id ends, by which a quote is recognised. */
  private static final int VENDOR_END = 28;

  private static final int TD_REPORT_10 = 584;
  private static final int TD_REPORT_15 = 648;

  /** What the body of a quote is, from which its size follows. */
  private enum BodyType {
    SGX(TEE_SGX, ReportBody.SIZE),
    TD_10(TEE_TDX, TD_REPORT_10),
    TD_15(TEE_TDX, TD_REPORT_15);

    private final long teeType;
    private final int size;

    BodyType(long teeType, int size) {
      this.teeType = teeType;
      this.size = size;
    }
  }

  /** Reads the start of {@code quote}, in which the signature data must have room. */
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
    if (keyType != 2 && keyType != 3) {
      throw in.malformed(2, "attestation key type " + keyType, "2 (ECDSA P-256) or 3 (P-384)");
    }
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
    int at = version == 5 ? SIZE + 6 : SIZE;
    BodyType type =
        version == 5
            ? announced(quote, teeType)
            : teeType == TEE_SGX ? BodyType.SGX : BodyType.TD_10;
    Bytes body = part(quote, at, type.size, "report body");
    at += type.size;
    long signature =
        Fields.exactly(4, "signature data size", part(quote, at, 4, "signature data size")).u32();
    if (signature > quote.size() - at - 4) {
      throw new MalformedException(
          "quote",
          at,
          "signature data of " + signature + " bytes",
          "at most the " + (quote.size() - at - 4) + " that follow");
    }
    return type == BodyType.SGX ? Optional.of(ReportBody.parse(body)) : Optional.empty();
  }

  /** The type that stands before the body in version 5; its size must stand there too. */
  private static BodyType announced(Bytes quote, long teeType) throws MalformedException {
    Fields in = Fields.exactly(6, "quote body prefix", part(quote, SIZE, 6, "body type and size"));
    int number = in.u16();
    if (number < 1 || number > BodyType.values().length) {
      throw in.malformed(0, "body type " + number, "1 (SGX), 2 (TD 1.0) or 3 (TD 1.5)");
    }
    BodyType type = BodyType.values()[number - 1];
    if (type.teeType != teeType) {
      throw in.malformed(0, "body type " + number, "the one of the header's TEE type");
    }
    long size = in.u32();
    if (size != type.size) {
      throw in.malformed(2, "body of " + size + " bytes", type.size + " for type " + number);
    }
    return type;
  }

  private static Bytes part(Bytes quote, int at, int size, String what) throws MalformedException {
    if (quote.size() < at + size) {
      throw new MalformedException(
          "quote", at, "end after " + quote.size() + " bytes", size + " bytes of " + what);
    }
    return quote.slice(at, size);
  }

  /** Whether {@code file} begins like a quote of a known version, whole or not. */
  static boolean recognises(Content file) throws MalformedException {
    return file.size() >= VENDOR_END
        && file.u16(0, "version") >= 3
        && file.u16(0, "version") <= 5
        && file.bytes(12, 16, "QE vendor").equals(INTEL_QE);
  }
}
