package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.interfaces.RSAPrivateCrtKey;

/**
 * SIGSTRUCT (1,808 bytes): what the signer of an enclave says of it, and his RSA-3072 signature
 * with exponent 3 (SDM volume 3D, "SIGSTRUCT"). Numbers are little-endian, so {@code modulus},
 * {@code signature}, {@code q1} and {@code q2} are byte-reversed RSA values.
 *
 * @param body what is signed
 * @param modulus 384 bytes
 */
public record SigStruct(Body body, Bytes modulus, Bytes signature, Bytes q1, Bytes q2) {
  public static final int SIZE = 1808;
  public static final int KEY_SIZE = 384;
  public static final int EXPONENT = 3;

  static final Bytes HEADER = Bytes.hex("06000000e100000000000100");
  static final Bytes HEADER2 = Bytes.hex("01010000600000006000000001000000");
  private static final int INTEL = 0x8086;
  private static final int DEBUG_SIGNED = 0x80000000;

  /**
   * The signed fields.
   *
   * @param debugSigned bit 31 of TYPE; the processor ignores it
   * @param intel whether VENDOR is 0x8086 rather than 0
   * @param date BCD, 0xYYYYMMDD
   * @param enclaveHash the MRENCLAVE that may be started
   */
  public record Body(
      boolean debugSigned,
      boolean intel,
      int date,
      int swDefined,
      int miscSelect,
      int miscMask,
      Bytes isvFamilyId,
      Attributes attributes,
      Attributes attributeMask,
      Bytes enclaveHash,
      Bytes isvExtProdId,
      int isvProdId,
      int isvSvn) {
    public Body {
      Check.size("ISVFAMILYID", isvFamilyId, 16);
      Check.size("ENCLAVEHASH", enclaveHash, 32);
      Check.size("ISVEXTPRODID", isvExtProdId, 16);
      Check.u16("ISVPRODID", isvProdId);
      Check.u16("ISVSVN", isvSvn);
    }

    /** A production enclave without KSS, every attribute but XFRM's optional bits enforced. */
    public static Body of(Bytes mrEnclave, int isvProdId, int isvSvn, int date) {
      return new Body(
          false,
          false,
          date,
          0,
          0,
          -1,
          Bytes.zeros(16),
          Attributes.PRODUCTION,
          new Attributes(-1L, Attributes.XFRM_LEGACY),
          mrEnclave,
          Bytes.zeros(16),
          isvProdId,
          isvSvn);
    }

    /** The 256 signed bytes: 0 to 127 and 900 to 1,027 of the structure. */
    public Bytes signedBytes() {
      return Bytes.concat(first(), second());
    }

    Bytes first() {
      return new Writer(128)
          .bytes(HEADER)
          .u32(debugSigned ? DEBUG_SIGNED : 0)
          .u32(intel ? INTEL : 0)
          .u32(date)
          .bytes(HEADER2)
          .u32(swDefined)
          .zero(84)
          .done();
    }

    Bytes second() {
      return new Writer(128)
          .u32(miscSelect)
          .u32(miscMask)
          .zero(4)
          .bytes(isvFamilyId)
          .attributes(attributes)
          .attributes(attributeMask)
          .bytes(enclaveHash)
          .zero(16)
          .bytes(isvExtProdId)
          .u16(isvProdId)
          .u16(isvSvn)
          .done();
    }
  }

  public SigStruct {
    Check.size("MODULUS", modulus, KEY_SIZE);
    Check.size("SIGNATURE", signature, KEY_SIZE);
    Check.size("Q1", q1, KEY_SIZE);
    Check.size("Q2", q2, KEY_SIZE);
  }

  /** Reads the form only; {@link #check} looks at the signature. */
  public static SigStruct parse(Bytes bytes) throws MalformedException {
    Fields in = Fields.exactly(SIZE, "SIGSTRUCT", bytes);
    in.fixed(HEADER);
    boolean debugSigned = oneOf(in, 0, DEBUG_SIGNED);
    boolean intel = oneOf(in, 0, INTEL);
    int date = in.bits32();
    in.fixed(HEADER2);
    int swDefined = in.bits32();
    in.zero(84);
    Bytes modulus = in.bytes(KEY_SIZE);
    in.fixed(new Writer(4).u32(EXPONENT).done());
    Bytes signature = in.bytes(KEY_SIZE);
    int miscSelect = in.bits32();
    int miscMask = in.bits32();
    in.zero(4);
    Bytes isvFamilyId = in.bytes(16);
    Attributes attributes = in.attributes();
    Attributes attributeMask = in.attributes();
    Bytes enclaveHash = in.bytes(32);
    in.zero(16);
    Bytes isvExtProdId = in.bytes(16);
    int isvProdId = in.u16();
    int isvSvn = in.u16();
    in.zero(12);
    Body body =
        new Body(
            debugSigned,
            intel,
            date,
            swDefined,
            miscSelect,
            miscMask,
            isvFamilyId,
            attributes,
            attributeMask,
            enclaveHash,
            isvExtProdId,
            isvProdId,
            isvSvn);
    return new SigStruct(body, modulus, signature, in.bytes(KEY_SIZE), in.bytes(KEY_SIZE));
  }

  private static boolean oneOf(Fields in, int no, int yes) throws MalformedException {
    int offset = in.offset();
    int found = in.bits32();
    if (found != no && found != yes) {
      throw in.malformed(offset, "0x%x".formatted(found), "0x%x or 0x%x".formatted(no, yes));
    }
    return found == yes;
  }

  public Bytes encode() {
    return new Writer(SIZE)
        .bytes(body.first())
        .bytes(modulus)
        .u32(EXPONENT)
        .bytes(signature)
        .bytes(body.second())
        .zero(12)
        .bytes(q1)
        .bytes(q2)
        .done();
  }

  /** SHA-256 of the little-endian modulus, the signer's identity. */
  public Bytes mrSigner() {
    return modulus.sha256();
  }

  /** Verifies the signature and the two quotients with which EINIT speeds it up. */
  public SignatureCheck check() {
    return SignatureMath.check(this);
  }

  /**
   * Whether it is genuine, of {@code wanted} and by {@code key}: to sign again would make the same.
   */
  public boolean isOf(Body wanted, RSAPrivateCrtKey key) {
    return body.equals(wanted)
        && SignatureMath.littleEndian(modulus).equals(key.getModulus())
        && check() instanceof SignatureCheck.Genuine;
  }

  /**
   * Signs {@code body}; the key must have 3,072 bits and exponent 3, else {@link
   * IllegalArgumentException}.
   */
  public static SigStruct sign(Body body, RSAPrivateCrtKey key) {
    if (key.getModulus().bitLength() != KEY_SIZE * 8
        || !key.getPublicExponent().equals(BigInteger.valueOf(EXPONENT))) {
      throw new IllegalArgumentException(
          "an enclave signing key has 3072 bits and exponent 3, this one has "
              + key.getModulus().bitLength()
              + " bits and exponent "
              + key.getPublicExponent());
    }
    try {
      return SignatureMath.sign(body, key);
    } catch (GeneralSecurityException failed) {
      throw new IllegalArgumentException("this key cannot sign: " + failed.getMessage(), failed);
    }
  }
}
