package dev.reseal.attack;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.function.Supplier;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Sealing as it is written first: AES-GCM under one key for all time, the nonce a counter that
 * travels in the blob. Nothing says whose it is, what it is for, or which one is the newest.
 */
final class NaiveSealing {
  private static final int NONCE = 12;

  private final Supplier<Secret> key;
  private long counter;

  NaiveSealing(Supplier<Secret> key) {
    this.key = key;
  }

  Bytes seal(String text) {
    counter++;
    Bytes nonce = Bytes.concat(Bytes.zeros(4), Bytes.u64(counter));
    Bytes plain = Bytes.wrap((counter + "\n" + text).getBytes(StandardCharsets.UTF_8));
    return Bytes.concat(nonce, crypt(Cipher.ENCRYPT_MODE, nonce, plain));
  }

  String open(Bytes blob) {
    Bytes sealed = blob.slice(NONCE, blob.size() - NONCE);
    byte[] open = crypt(Cipher.DECRYPT_MODE, blob.slice(0, NONCE), sealed).toArray();
    String[] parts = new String(open, StandardCharsets.UTF_8).split("\n", 2);
    counter = Long.parseLong(parts[0]);
    return parts[1];
  }

  private Bytes crypt(int mode, Bytes nonce, Bytes input) {
    try (Secret secret = key.get()) {
      Cipher gcm = Cipher.getInstance("AES/GCM/NoPadding");
      SecretKeySpec aes = secret.use(raw -> new SecretKeySpec(raw, "AES"));
      gcm.init(mode, aes, new GCMParameterSpec(128, nonce.toArray()));
      return Bytes.wrap(gcm.doFinal(input.toArray()));
    } catch (GeneralSecurityException wrong) {
      throw new IllegalStateException("the blob does not open", wrong);
    }
  }
}
