package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;

/** A P-256 key pair for ES256. The private half is never shown; it leaves only as PKCS #8. */
public final class SigningKey {
  static final String ALGORITHM = "SHA256withECDSAinP1363Format";

  private final PrivateKey secret;
  private final VerifyKey verifyKey;
  private final Randomness randomness;

  private SigningKey(PrivateKey secret, VerifyKey verifyKey, Randomness randomness) {
    this.secret = secret;
    this.verifyKey = verifyKey;
    this.randomness = randomness;
  }

  public static SigningKey generate(Randomness randomness) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), randomness.secureRandom());
      KeyPair pair = generator.generateKeyPair();
      VerifyKey verifyKey = new VerifyKey(Bytes.of(pair.getPublic().getEncoded()));
      return new SigningKey(pair.getPrivate(), verifyKey, randomness);
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK has no P-256", missing);
    }
  }

  /** The pair of a stored private key; refuses a private key that is not that of {@code spki}. */
  public static SigningKey of(Secret pkcs8, VerifyKey verifyKey, Randomness randomness) {
    try {
      PKCS8EncodedKeySpec spec = pkcs8.use(PKCS8EncodedKeySpec::new);
      PrivateKey secret = KeyFactory.getInstance("EC").generatePrivate(spec);
      SigningKey key = new SigningKey(secret, verifyKey, randomness);
      Bytes probe = Bytes.ascii("reseal/v1/key-check");
      if (!verifyKey.verifies(probe, key.sign(probe))) {
        throw new WireException(
            WireException.Rule.KEY, "private and public key do not belong together");
      }
      return key;
    } catch (GeneralSecurityException refused) {
      throw new WireException(WireException.Rule.KEY, "not a PKCS #8 private key of P-256");
    }
  }

  public VerifyKey verifyKey() {
    return verifyKey;
  }

  public Bytes kid() {
    return verifyKey.kid();
  }

  /** 64 bytes, r and s, over SHA-256 of {@code data}. */
  public Bytes sign(Bytes data) {
    try {
      Signature ecdsa = Signature.getInstance(ALGORITHM);
      ecdsa.initSign(secret, randomness.secureRandom());
      ecdsa.update(data.buffer());
      return Bytes.wrap(ecdsa.sign());
    } catch (GeneralSecurityException failed) {
      throw new IllegalStateException("the JDK cannot sign with P-256", failed);
    }
  }

  /** Fresh bytes from the source that this key signs with: an op_id or nonce of its holder. */
  public Bytes fresh(int size) {
    return randomness.bytes(size);
  }

  /** The private key as PKCS #8, for a key store. */
  public Secret pkcs8() {
    return Secret.own(secret.getEncoded());
  }

  /** The JDK's view, for TLS and certificates. */
  public PrivateKey privateKey() {
    return secret;
  }

  @Override
  public String toString() {
    return "SigningKey[kid " + kid() + "]";
  }
}
