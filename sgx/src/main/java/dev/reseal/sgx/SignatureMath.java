package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.interfaces.RSAPrivateCrtKey;
import java.util.Arrays;

/** RSASSA-PKCS1-v1_5 with SHA-256 and exponent 3, and the quotients Q1 and Q2 of SIGSTRUCT. */
final class SignatureMath {
  private static final Bytes SHA256_DIGEST_INFO =
      Bytes.hex("3031300d060960864801650304020105000420");

  private SignatureMath() {}

  static SignatureCheck check(SigStruct sigStruct) {
    BigInteger n = littleEndian(sigStruct.modulus());
    BigInteger s = littleEndian(sigStruct.signature());
    if (n.bitLength() != SigStruct.KEY_SIZE * 8 || !n.testBit(0)) {
      return new SignatureCheck.Forged(SignatureCheck.Part.MODULUS);
    }
    BigInteger expected = new BigInteger(1, padded(sigStruct.body().signedBytes().sha256()));
    if (s.compareTo(n) >= 0 || !s.pow(SigStruct.EXPONENT).mod(n).equals(expected)) {
      return new SignatureCheck.Forged(SignatureCheck.Part.SIGNATURE);
    }
    if (!q1(s, n).equals(littleEndian(sigStruct.q1()))) {
      return new SignatureCheck.Forged(SignatureCheck.Part.Q1);
    }
    if (!q2(s, n).equals(littleEndian(sigStruct.q2()))) {
      return new SignatureCheck.Forged(SignatureCheck.Part.Q2);
    }
    return new SignatureCheck.Genuine(sigStruct.mrSigner());
  }

  static SigStruct sign(SigStruct.Body body, RSAPrivateCrtKey key) throws GeneralSecurityException {
    Signature rsa = Signature.getInstance("SHA256withRSA");
    rsa.initSign(key);
    rsa.update(body.signedBytes().toArray());
    BigInteger s = new BigInteger(1, rsa.sign());
    BigInteger n = key.getModulus();
    return new SigStruct(
        body, littleEndian(n), littleEndian(s), littleEndian(q1(s, n)), littleEndian(q2(s, n)));
  }

  private static BigInteger q1(BigInteger s, BigInteger n) {
    return s.multiply(s).divide(n);
  }

  private static BigInteger q2(BigInteger s, BigInteger n) {
    return s.multiply(s.multiply(s).mod(n)).divide(n);
  }

  /** EMSA-PKCS1-v1_5 of a SHA-256 hash (RFC 8017, 9.2). */
  private static byte[] padded(Bytes hash) {
    byte[] block = new byte[SigStruct.KEY_SIZE];
    Arrays.fill(block, (byte) 0xFF);
    block[0] = 0;
    block[1] = 1;
    byte[] tail = Bytes.concat(Bytes.zeros(1), SHA256_DIGEST_INFO, hash).toArray();
    System.arraycopy(tail, 0, block, block.length - tail.length, tail.length);
    return block;
  }

  static BigInteger littleEndian(Bytes bytes) {
    return new BigInteger(1, reversed(bytes.toArray()));
  }

  static Bytes littleEndian(BigInteger value) {
    byte[] bigEndian = value.toByteArray();
    byte[] result = reversed(bigEndian);
    return Bytes.wrap(Arrays.copyOf(result, SigStruct.KEY_SIZE));
  }

  private static byte[] reversed(byte[] bytes) {
    byte[] result = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      result[i] = bytes[bytes.length - 1 - i];
    }
    return result;
  }
}
