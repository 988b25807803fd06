package dev.reseal.attack;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.emulator.Machine;
import dev.reseal.emulator.MachineDevice;
import dev.reseal.platform.Device.KeyResult;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.wire.Hkdf;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import java.nio.charset.StandardCharsets;

/**
 * What people build first: an enclave that holds its state in memory, seals it under the key of its
 * signer when the script tells it to, starts from whatever blob the script finds, and has a quote
 * over its TLS key. Key derivation and quotes are those of the real machine.
 */
final class NaiveEnclave {
  private final MachineDevice device;
  private final NaiveSealing sealing = new NaiveSealing(this::signersKey);
  final SigningKey tls = SigningKey.generate(Randomness.system());
  final Bytes quote;
  String state = "";

  NaiveEnclave(Machine machine) {
    this(machine, Enclave.admitted());
  }

  NaiveEnclave(Machine machine, EnclaveIdentity identity) {
    this.device = new MachineDevice(machine, identity);
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
    return sealing.seal(state);
  }

  /** What the script gives to the new enclave; returns it for chaining. */
  NaiveEnclave start(Bytes blob) {
    state = sealing.open(blob);
    return this;
  }

  /** A bill with the key that is its state. */
  Bytes bill(String text) {
    return bill(state, text);
  }

  /** The same by whoever knows the key. */
  static Bytes bill(String key, String text) {
    try (Secret secret = Secret.own(key.getBytes(StandardCharsets.UTF_8))) {
      return Hkdf.hmac(secret, Bytes.ascii(text));
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
    return switch (device.egetkey(request)) {
      case KeyResult.Key(Secret key) -> key;
      case KeyResult.Failed _, KeyResult.Unsupported _ ->
          throw new IllegalStateException("no key of the signer");
    };
  }
}
