package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Security;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Optional;

/**
 * ECDSA over P-256 with SHA-256 by one provider. What the provider is asked is checked before: the
 * key is a point of the curve, r and s are in [1, n-1].
 */
public final class P256 {
  /** SubjectPublicKeyInfo of a P-256 key up to the point (RFC 5480), uncompressed. */
  static final Bytes SPKI_PREFIX =
      Bytes.hex("3059301306072a8648ce3d020106082a8648ce3d03010703420004");

  static final int POINT_SIZE = 64;
  static final int SIGNATURE_SIZE = 64;

  private static final byte[] ORDER =
      Bytes.hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").toArray();
  private static final BigInteger PRIME =
      new BigInteger("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", 16);
  private static final BigInteger B =
      new BigInteger("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b", 16);
  private static final BigInteger THREE = BigInteger.valueOf(3);

  private final Provider provider;

  P256(Provider provider) {
    this.provider = provider;
  }

  /** By the JDK's own provider, which is always there. */
  public static P256 ofJdk() {
    return new P256(Security.getProvider("SunEC"));
  }

  /**
   * By Amazon Corretto Crypto Provider, where it is on the class path, its native library loads and
   * passes its test.
   */
  public static Optional<P256> ofCorretto() {
    try {
      return Corretto.provider().map(P256::new);
    } catch (LinkageError leftOut) {
      return Optional.empty();
    }
  }

  /** The fastest provider that works here. */
  public static P256 fastest() {
    return ofCorretto().orElseGet(P256::ofJdk);
  }

  /** Makes the fastest provider the first one of this process, for all that it offers. */
  public static void preferFastest() {
    ofCorretto().ifPresent(found -> Security.insertProviderAt(found.provider, 1));
  }

  /** Name and version of the provider, for people. */
  public String describe() {
    return provider.getName() + " " + provider.getVersionStr();
  }

  /** The key with this point, x then y; empty if it is no point of the curve. */
  Optional<PublicKey> key(Bytes point) {
    if (!onCurve(point)) {
      return Optional.empty();
    }
    try {
      KeyFactory factory = KeyFactory.getInstance("EC", provider);
      byte[] spki = Bytes.concat(SPKI_PREFIX, point).toArray();
      return Optional.of(factory.generatePublic(new X509EncodedKeySpec(spki)));
    } catch (GeneralSecurityException refused) {
      throw new IllegalStateException(describe() + " refused a point of P-256", refused);
    }
  }

  /** Whether {@code signature} (r then s, 32 bytes each) is one of {@code message} by the key. */
  boolean verifies(PublicKey key, Bytes message, Bytes signature) {
    byte[] rs = signature.toArray();
    if (rs.length != SIGNATURE_SIZE || !inRange(rs, 0) || !inRange(rs, 32)) {
      return false;
    }
    try {
      Signature ecdsa = Signature.getInstance("SHA256withECDSAinP1363Format", provider);
      ecdsa.initVerify(key);
      ecdsa.update(message.buffer());
      return ecdsa.verify(rs);
    } catch (SignatureException unreadable) {
      return false;
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException(describe() + " cannot verify ECDSA over P-256", missing);
    }
  }

  /** 0 &lt; half &lt; n: r = s = 0 must never reach a provider (CVE-2022-21449). */
  static boolean inRange(byte[] rs, int from) {
    boolean zero = true;
    for (int i = from; i < from + 32; i++) {
      zero &= rs[i] == 0;
    }
    return !zero && Arrays.compareUnsigned(rs, from, from + 32, ORDER, 0, 32) < 0;
  }

  static boolean onCurve(Bytes point) {
    if (point.size() != POINT_SIZE) {
      return false;
    }
    byte[] xy = point.toArray();
    BigInteger x = new BigInteger(1, xy, 0, 32);
    BigInteger y = new BigInteger(1, xy, 32, 32);
    if (x.compareTo(PRIME) >= 0 || y.compareTo(PRIME) >= 0) {
      return false;
    }
    BigInteger right = x.multiply(x).subtract(THREE).multiply(x).add(B).mod(PRIME);
    return y.multiply(y).mod(PRIME).equals(right);
  }
}
