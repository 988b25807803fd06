package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** HMAC-SHA256 and HKDF-SHA256 (RFC 5869). */
public final class Hkdf {
  private static final int HASH = 32;

  private Hkdf() {}

  /** The pseudorandom key of {@code keyMaterial} under {@code salt}; 32 bytes. */
  public static Secret extract(Bytes salt, Secret keyMaterial) {
    return extract(salt.toArray(), keyMaterial);
  }

  static Secret extract(byte[] salt, Secret keyMaterial) {
    // An empty HMAC key equals 32 zero bytes, but the JDK refuses empty keys.
    byte[] key = salt.length == 0 ? new byte[HASH] : salt;
    return keyMaterial.use(bytes -> Secret.own(mac(key).doFinal(bytes)));
  }

  public static Secret expand(Secret prk, Bytes info, int size) {
    if (size < 1 || size > 255 * HASH) {
      throw new IllegalArgumentException("HKDF cannot give " + size + " bytes");
    }
    return prk.use(key -> Secret.own(expand(key, info.toArray(), size)));
  }

  private static byte[] expand(byte[] key, byte[] info, int size) {
    Mac mac = mac(key);
    byte[] okm = new byte[size];
    byte[] block = new byte[0];
    for (int at = 0, counter = 1; at < size; at += HASH, counter++) {
      mac.update(block);
      mac.update(info);
      mac.update((byte) counter);
      Arrays.fill(block, (byte) 0);
      block = mac.doFinal();
      System.arraycopy(block, 0, okm, at, Math.min(HASH, size - at));
    }
    Arrays.fill(block, (byte) 0);
    return okm;
  }

  public static Bytes hmac(Secret key, Bytes data) {
    return key.use(bytes -> Bytes.wrap(mac(bytes).doFinal(data.toArray())));
  }

  private static Mac mac(byte[] key) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac;
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK has no HmacSHA256", missing);
    }
  }
}
