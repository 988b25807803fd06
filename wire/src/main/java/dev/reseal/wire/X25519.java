package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.WireException.Rule;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPrivateKeySpec;
import java.security.spec.XECPublicKeySpec;
import java.util.Arrays;
import javax.crypto.KeyAgreement;

/** X25519 (RFC 7748) on raw 32-byte keys. */
public final class X25519 {
  public static final int SIZE = 32;
  private static final Bytes BASE = base();

  private X25519() {}

  /** A key pair; the public key is {@code publicOf(secret)}. */
  public record Pair(Secret secret, Bytes publicKey) implements AutoCloseable {
    /** A fresh pair. */
    public static Pair generate(Randomness randomness) {
      return of(randomness.secret(SIZE));
    }

    /** The pair of a private key, which it takes over. */
    public static Pair of(Secret secret) {
      return new Pair(secret, publicOf(secret));
    }

    @Override
    public void close() {
      secret.close();
    }
  }

  public static Bytes publicOf(Secret secret) {
    return agree(secret, BASE).use(Bytes::of);
  }

  /** The shared secret; an all-zero result (a point of small order) is refused. */
  public static Secret agree(Secret secret, Bytes publicKey) {
    if (publicKey.size() != SIZE || secret.size() != SIZE) {
      throw new WireException(
          Rule.KEY, "an X25519 key of " + publicKey.size() + " bytes, not " + SIZE);
    }
    try {
      KeyAgreement agreement = KeyAgreement.getInstance("X25519");
      agreement.init(privateKey(secret));
      agreement.doPhase(publicKey(publicKey), true);
      byte[] shared = agreement.generateSecret();
      if (Bytes.of(shared).allZero()) {
        throw new WireException(Rule.KEY, "an X25519 result of zeros");
      }
      return Secret.own(shared);
    } catch (InvalidKeyException smallOrder) {
      throw new WireException(Rule.KEY, "an X25519 key of small order");
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK has no X25519", missing);
    }
  }

  private static PrivateKey privateKey(Secret secret) throws GeneralSecurityException {
    byte[] scalar = secret.use(byte[]::clone);
    try {
      return KeyFactory.getInstance("X25519")
          .generatePrivate(new XECPrivateKeySpec(NamedParameterSpec.X25519, scalar));
    } finally {
      Arrays.fill(scalar, (byte) 0);
    }
  }

  private static PublicKey publicKey(Bytes raw) throws GeneralSecurityException {
    byte[] big = new byte[SIZE];
    for (int i = 0; i < SIZE; i++) {
      big[i] = raw.at(SIZE - 1 - i);
    }
    big[0] &= 0x7f; // RFC 7748 5: the top bit of u is masked
    return KeyFactory.getInstance("X25519")
        .generatePublic(new XECPublicKeySpec(NamedParameterSpec.X25519, new BigInteger(1, big)));
  }

  private static Bytes base() {
    byte[] nine = new byte[SIZE];
    nine[0] = 9;
    return Bytes.wrap(nine);
  }
}
