package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** AES-128-CMAC (RFC 4493), which SGX uses for reports and, in its simulator, to derive keys. */
public final class AesCmac {
  private static final int BLOCK = 16;
  private static final int KEY_SIZE = 16;

  private AesCmac() {}

  /** The 16-byte MAC of {@code message} under the 16-byte {@code key}. */
  public static Bytes mac(Secret key, Bytes message) {
    return Bytes.wrap(key.use(bytes -> compute(bytes, message)));
  }

  /** The same value as a secret: a key derived from {@code key}. */
  public static Secret derive(Secret key, Bytes input) {
    return Secret.own(key.use(bytes -> compute(bytes, input)));
  }

  private static byte[] compute(byte[] key, Bytes message) {
    if (key.length != KEY_SIZE) {
      throw new IllegalArgumentException(
          "an AES-128-CMAC key has " + KEY_SIZE + " bytes, not " + key.length);
    }
    try {
      Cipher cbc = Cipher.getInstance("AES/CBC/NoPadding");
      cbc.init(
          Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(new byte[BLOCK]));
      byte[] subkey = doubled(cbc.doFinal(new byte[BLOCK]));
      int blocks = Math.max(1, (message.size() + BLOCK - 1) / BLOCK);
      byte[] padded = Arrays.copyOf(message.toArray(), blocks * BLOCK);
      if (message.size() != padded.length) {
        padded[message.size()] = (byte) 0x80;
        subkey = doubled(subkey);
      }
      for (int i = 0; i < BLOCK; i++) {
        padded[padded.length - BLOCK + i] ^= subkey[i];
      }
      byte[] chained = cbc.doFinal(padded);
      Arrays.fill(subkey, (byte) 0);
      return Arrays.copyOfRange(chained, chained.length - BLOCK, chained.length);
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK has no AES-CBC", missing);
    }
  }

  /** Multiplication by x in GF(2^128), RFC 4493 section 2.3. */
  private static byte[] doubled(byte[] block) {
    byte[] result = new byte[BLOCK];
    int carry = 0;
    for (int i = BLOCK - 1; i >= 0; i--) {
      result[i] = (byte) (block[i] << 1 | carry);
      carry = (block[i] & 0x80) >>> 7;
    }
    result[BLOCK - 1] ^= (byte) (carry * 0x87);
    return result;
  }
}
