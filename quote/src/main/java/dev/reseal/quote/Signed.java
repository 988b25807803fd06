package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;

/**
 * The outer shape of certificates and CRLs: what is signed, by ECDSA with SHA-256, and r and s.
 *
 * @param message exactly one element, whole
 */
record Signed(Bytes message, Bytes signature) {
  /** AlgorithmIdentifier of ecdsa-with-SHA256, no parameters (RFC 5758, 3.2). */
  static final Bytes ECDSA_SHA256 = Bytes.hex("300a06082a8648ce3d040302");

  /** Reads SEQUENCE { signed, algorithm, signature } that fills {@code der}. */
  static Signed parse(String what, byte[] der) throws MalformedException {
    DerReader outer = DerReader.of(what, der);
    DerReader in = outer.enter(DerReader.SEQUENCE);
    outer.end();
    Bytes message = in.element();
    algorithm(in);
    Bytes bits = in.bits();
    in.end();
    return new Signed(message, halves(what, bits));
  }

  static void algorithm(DerReader in) throws MalformedException {
    int start = in.position();
    Bytes found = in.element();
    if (!found.equals(ECDSA_SHA256)) {
      throw in.malformed(start, "algorithm " + found.toHex(), "ecdsa-with-SHA256");
    }
  }

  private static Bytes halves(String what, Bytes der) throws MalformedException {
    DerReader outer = DerReader.of(what + " signature", der.toArray());
    DerReader in = outer.enter(DerReader.SEQUENCE);
    outer.end();
    byte[] rs = new byte[P256.SIGNATURE_SIZE];
    half(in, rs, 0);
    half(in, rs, 32);
    in.end();
    return Bytes.wrap(rs);
  }

  private static void half(DerReader in, byte[] rs, int at) throws MalformedException {
    int start = in.position();
    var value = in.integer();
    byte[] raw = value.toByteArray();
    int sign = raw[0] == 0 ? 1 : 0;
    int size = raw.length - sign;
    if (value.signum() < 0 || size > 32) {
      throw in.malformed(start, value.bitLength() + " bits", "a number of at most 256 bits");
    }
    System.arraycopy(raw, sign, rs, at + 32 - size, size);
  }
}
