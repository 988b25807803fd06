package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A nonce of ES256, its point multiplied out, which is nearly all of a signature's work. There are
 * {@link #COUNT}, the same in every run. Signatures of one key that share a nonce give the key away
 * to whoever computes it from them; nobody in a simulated world does.
 *
 * @param r the x coordinate of the nonce's point, modulo the order
 * @param inverse of the nonce, modulo the order
 */
record Nonce(BigInteger r, BigInteger inverse) {
  private static final BigInteger ORDER =
      new BigInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);
  private static final int COUNT = 256;
  private static final int HALF = 32;
  private static final List<Nonce> ALL = made(new Chance(COUNT).bytes().secureRandom());

  static Nonce of(SecureRandom chance) {
    return ALL.get(chance.nextInt(COUNT));
  }

  /** Solved from signatures of the JDK, whose key and messages are known here. */
  private static List<Nonce> made(SecureRandom chance) {
    try {
      KeyPairGenerator keys = KeyPairGenerator.getInstance("EC", QuickSignature.JDK);
      keys.initialize(new ECGenParameterSpec("secp256r1"), chance);
      KeyPair pair = keys.generateKeyPair();
      BigInteger secret = ((ECPrivateKey) pair.getPrivate()).getS();
      List<Nonce> all = new ArrayList<>();
      for (int i = 0; i < COUNT; i++) {
        byte[] message = Bytes.u32(i).toArray();
        Signature jdk = Signature.getInstance(QuickSignature.ALGORITHM, QuickSignature.JDK);
        jdk.initSign(pair.getPrivate(), chance);
        jdk.update(message);
        byte[] signature = jdk.sign();
        BigInteger r = number(Arrays.copyOf(signature, HALF));
        BigInteger s = number(Arrays.copyOfRange(signature, HALF, 2 * HALF));
        BigInteger signed = number(digest(message)).add(r.multiply(secret));
        all.add(new Nonce(r, s.multiply(signed.modInverse(ORDER)).mod(ORDER)));
      }
      return all;
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK cannot sign with P-256", missing);
    }
  }

  /** r and s, 32 bytes each. */
  byte[] sign(byte[] message, BigInteger secret) {
    BigInteger s = inverse.multiply(number(digest(message)).add(r.multiply(secret))).mod(ORDER);
    byte[] signature = new byte[2 * HALF];
    put(r, signature, HALF);
    put(s, signature, 2 * HALF);
    return signature;
  }

  private static byte[] digest(byte[] message) {
    return Bytes.newSha256().digest(message);
  }

  private static BigInteger number(byte[] bigEndian) {
    return new BigInteger(1, bigEndian);
  }

  private static void put(BigInteger number, byte[] into, int end) {
    byte[] big = number.toByteArray();
    int size = Math.min(big.length, HALF);
    System.arraycopy(big, big.length - size, into, end - size, size);
  }
}
