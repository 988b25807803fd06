package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;

/** The P-256 keys of the emulated provisioning chain. */
final class Keys {
  private Keys() {}

  static KeyPair generate() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK has no P-256", missing);
    }
  }

  /** A pair from PKCS #8 and SubjectPublicKeyInfo. */
  static KeyPair of(byte[] pkcs8, byte[] spki) throws GeneralSecurityException {
    KeyFactory factory = KeyFactory.getInstance("EC");
    PublicKey open = factory.generatePublic(new X509EncodedKeySpec(spki));
    PrivateKey own = factory.generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    return new KeyPair(open, own);
  }

  /** r ‖ s, 64 bytes, big-endian: the form of quotes and of signed collateral. */
  static Bytes sign(PrivateKey key, Bytes message) {
    try {
      Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
      signature.initSign(key);
      signature.update(message.buffer());
      return Bytes.wrap(signature.sign());
    } catch (GeneralSecurityException failed) {
      throw new IllegalStateException("ECDSA refused an own key", failed);
    }
  }

  /** x ‖ y, 64 bytes, big-endian. */
  static Bytes point(PublicKey key) {
    var w = ((ECPublicKey) key).getW();
    return Bytes.concat(coordinate(w.getAffineX()), coordinate(w.getAffineY()));
  }

  private static Bytes coordinate(BigInteger value) {
    byte[] fixed = new byte[32];
    byte[] raw = value.toByteArray();
    int size = Math.min(raw.length, 32);
    System.arraycopy(raw, raw.length - size, fixed, 32 - size, size);
    return Bytes.wrap(fixed);
  }
}
