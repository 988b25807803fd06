package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.sealed.ContainerException.Rule;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Buffers and engines for one segment in flight: plaintext, ciphertext and the hash of the latter.
 * Used by one thread at a time; a pipeline owns several.
 */
final class SegmentCipher {
  static final int TAG = 16;

  /** Work is fed in pieces: one call a segment would leave the provider's loops uncompiled. */
  private static final int PIECE = 1 << 14;

  private byte[] plaintext = new byte[0];
  private byte[] ciphertext = new byte[0];
  private final Cipher cipher;
  private final MessageDigest sha256 = Bytes.newSha256();
  private int plaintextSize;
  private int ciphertextSize;
  private boolean last;
  private byte[] hash = new byte[0];

  SegmentCipher() {
    try {
      cipher = Cipher.getInstance("AES/GCM/NoPadding");
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK has no AES-256-GCM", missing);
    }
  }

  /** The key and nonce prefix of a round, in the JDK's shape. */
  record RoundKey(SecretKeySpec key, Bytes prefix) {
    static RoundKey of(Secret okm) {
      return okm.use(bytes ->
          new RoundKey(
              new SecretKeySpec(bytes, 0, 32, "AES"),
              Bytes.wrap(Arrays.copyOfRange(bytes, 32, 39))));
    }

    GCMParameterSpec nonce(int segment, boolean last) {
      byte[] nonce = new byte[12];
      ByteBuffer.wrap(nonce).put(prefix.buffer()).putInt(segment).put((byte) (last ? 1 : 0));
      return new GCMParameterSpec(8 * TAG, nonce);
    }
  }

  /** What it holds of the plaintext, with room for {@code size} bytes in all. */
  byte[] plaintext(int size) {
    plaintext = withRoom(plaintext, size, Core.SEGMENT);
    return plaintext;
  }

  /** The same of the ciphertext. */
  byte[] ciphertext(int size) {
    ciphertext = withRoom(ciphertext, size, Core.SEGMENT + TAG);
    return ciphertext;
  }

  /** Grows with the first segment: most states are far smaller than one. */
  private static byte[] withRoom(byte[] buffer, int size, int most) {
    return size <= buffer.length
        ? buffer
        : Arrays.copyOf(buffer, Math.min(most, Math.max(size, 2 * buffer.length)));
  }

  void filled(int size, boolean isLast) {
    plaintextSize = size;
    last = isLast;
  }

  void received(int size, boolean isLast) {
    ciphertextSize = size;
    last = isLast;
  }

  void encrypt(RoundKey key, int segment) {
    try {
      cipher.init(Cipher.ENCRYPT_MODE, key.key(), key.nonce(segment, last));
      byte[] into = ciphertext(plaintextSize + TAG);
      int done = 0;
      for (int at = 0; at < plaintextSize; at += PIECE) {
        done += cipher.update(plaintext, at, Math.min(PIECE, plaintextSize - at), into, done);
      }
      ciphertextSize = done + cipher.doFinal(into, done);
    } catch (GeneralSecurityException failed) {
      throw new IllegalStateException("the JDK cannot encrypt a segment", failed);
    }
    hash();
  }

  void decrypt(RoundKey key, int segment) {
    try {
      cipher.init(Cipher.DECRYPT_MODE, key.key(), key.nonce(segment, last));
      plaintextSize =
          cipher.doFinal(ciphertext, 0, ciphertextSize, plaintext(ciphertextSize - TAG));
    } catch (AEADBadTagException refused) {
      throw new ContainerException(Rule.SEGMENT, "segment " + segment + " is not authentic");
    } catch (GeneralSecurityException failed) {
      throw new IllegalStateException("the JDK cannot decrypt a segment", failed);
    }
    hash();
  }

  private void hash() {
    for (int at = 0; at < ciphertextSize; at += PIECE) {
      sha256.update(ciphertext, at, Math.min(PIECE, ciphertextSize - at));
    }
    hash = sha256.digest();
  }

  byte[] hashed() {
    return hash;
  }

  int plaintextSize() {
    return plaintextSize;
  }

  int ciphertextSize() {
    return ciphertextSize;
  }

  boolean last() {
    return last;
  }
}
