package dev.reseal.attack;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.emulator.Machine;
import dev.reseal.platform.Device.KeyResult;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * What people build first: an enclave that holds its state in memory, seals it under the key of its
 * signer when the script tells it to, starts from whatever blob the script finds, and has a quote
 * over its TLS key. Key derivation and quotes are those of the real machine.
 */
final class NaiveEnclave {
  private static final int NONCE = 12;

  private final Enclave device;
  final SigningKey tls = SigningKey.generate(Randomness.system());
  final Bytes quote;
  String state = "";
  private long counter;

  NaiveEnclave(Machine machine) {
    this(machine, Enclave.admitted());
  }

  NaiveEnclave(Machine machine, EnclaveIdentity identity) {
    this.device = new Enclave(machine, identity);
    this.quote = device.quoted(reportData(tls.verifyKey().spki()));
  }

  /** Plain RA-TLS: the digest of the key, and nothing about who, when or for whom. */
  static Bytes reportData(Bytes spki) {
    return Bytes.concat(spki.sha256(), Bytes.zeros(32));
  }

  /** The application's quote endpoint hands the caller's bytes to the processor. */
  Bytes quoteFor(Bytes reportData) {
    return device.quoted(reportData);
  }

  /** What the script writes to the disk before it destroys. */
  Bytes seal() {
    counter++;
    Bytes nonce = Bytes.concat(Bytes.zeros(4), Bytes.u64(counter));
    return Bytes.concat(nonce, crypt(Cipher.ENCRYPT_MODE, nonce, text(counter + "\n" + state)));
  }

  /** What the script gives to the new enclave; returns it for chaining. */
  NaiveEnclave start(Bytes blob) {
    Bytes sealed = blob.slice(NONCE, blob.size() - NONCE);
    byte[] open = crypt(Cipher.DECRYPT_MODE, blob.slice(0, NONCE), sealed).toArray();
    String[] parts = new String(open, StandardCharsets.UTF_8).split("\n", 2);
    counter = Long.parseLong(parts[0]);
    state = parts[1];
    return this;
  }

  private static Bytes text(String text) {
    return Bytes.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  private Bytes crypt(int mode, Bytes nonce, Bytes input) {
    try (Secret key = signersKey()) {
      Cipher gcm = Cipher.getInstance("AES/GCM/NoPadding");
      SecretKeySpec aes = key.use(raw -> new SecretKeySpec(raw, "AES"));
      gcm.init(mode, aes, new GCMParameterSpec(128, nonce.toArray()));
      return Bytes.wrap(gcm.doFinal(input.toArray()));
    } catch (GeneralSecurityException wrong) {
      throw new IllegalStateException("the blob does not open", wrong);
    }
  }

  private Secret signersKey() {
    KeyRequest request =
        new KeyRequest(
            KeyRequest.SEAL_KEY,
            KeyRequest.POLICY_MRSIGNER,
            0,
            Bytes.zeros(16),
            new Attributes(Attributes.INIT | Attributes.DEBUG, 0),
            Bytes.zeros(32),
            0,
            0);
    return switch (device.egetkey(request.encode())) {
      case KeyResult.Key(Secret key) -> key;
      case KeyResult.Failed _, KeyResult.Unsupported _ ->
          throw new IllegalStateException("no key of the signer");
    };
  }
}
