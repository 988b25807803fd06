package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.WireException.Rule;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;

/** A P-256 public key in the one SPKI form that protocol 4 allows: named curve, uncompressed. */
public record VerifyKey(Bytes spki) {
  private static final Bytes PREFIX =
      Bytes.hex("3059301306072a8648ce3d020106082a8648ce3d03010703420004");
  private static final BigInteger P =
      new BigInteger("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", 16);
  private static final BigInteger B =
      new BigInteger("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b", 16);
  private static final BigInteger N =
      new BigInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);

  /** Bytes of the SPKI. */
  public static final int SPKI_SIZE = 91;

  /** Bytes of a signature, r and s. */
  public static final int SIGNATURE_SIZE = 64;

  /** Refuses every other form of key, and points that are not on the curve. */
  public VerifyKey {
    if (spki.size() != SPKI_SIZE || !spki.slice(0, PREFIX.size()).equals(PREFIX)) {
      throw new WireException(Rule.KEY, "not the SPKI of an uncompressed P-256 point");
    }
    BigInteger x = number(spki, PREFIX.size());
    BigInteger y = number(spki, PREFIX.size() + 32);
    BigInteger right = x.multiply(x).subtract(BigInteger.valueOf(3)).multiply(x).add(B).mod(P);
    if (x.compareTo(P) >= 0 || y.compareTo(P) >= 0 || !y.multiply(y).mod(P).equals(right)) {
      throw new WireException(Rule.KEY, "a point that is not on P-256");
    }
  }

  /** The COSE key id: SHA-256 of the SPKI. */
  public Bytes kid() {
    return spki.sha256();
  }

  /** Whether {@code signature}, 64 bytes r and s, is this key's over {@code data}. */
  public boolean verifies(Bytes data, Bytes signature) {
    if (signature.size() != SIGNATURE_SIZE
        || !inRange(number(signature, 0))
        || !inRange(number(signature, 32))) {
      return false;
    }
    try {
      Signature ecdsa = Signature.getInstance(SigningKey.ALGORITHM);
      ecdsa.initVerify(publicKey());
      ecdsa.update(data.buffer());
      return ecdsa.verify(signature.toArray());
    } catch (GeneralSecurityException failed) {
      throw new IllegalStateException("the JDK refuses a checked key and signature", failed);
    }
  }

  public PublicKey publicKey() {
    try {
      return KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(spki.toArray()));
    } catch (GeneralSecurityException failed) {
      throw new IllegalStateException("the JDK refuses a checked key", failed);
    }
  }

  private static boolean inRange(BigInteger value) {
    return value.signum() > 0 && value.compareTo(N) < 0;
  }

  private static BigInteger number(Bytes from, int at) {
    return new BigInteger(1, from.slice(at, 32).toArray());
  }
}
