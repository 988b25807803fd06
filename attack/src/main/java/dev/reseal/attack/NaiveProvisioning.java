package dev.reseal.attack;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.Hpke;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.X25519;
import java.nio.charset.StandardCharsets;

/** A script that checks a quote and then encrypts the secret to the key that came beside it. */
final class NaiveProvisioning {
  private static final Bytes INFO = Bytes.ascii("provisioning");
  private static final String SECRET = "launch key of the service";

  private NaiveProvisioning() {}

  /** The secret on its way, and the host's private key. */
  record Envelope(Hpke.Box box, X25519.Pair host) {
    String readByTheHost() {
      try (Secret opened = Hpke.open(host, INFO, box)) {
        return opened.use(bytes -> new String(bytes, StandardCharsets.US_ASCII));
      }
    }
  }

  /** The quote was good and the key came beside it, through the host. */
  static Envelope forKeyBeside(boolean checked) {
    if (!checked) {
      throw new IllegalStateException("the quote is not good: nothing is provisioned");
    }
    X25519.Pair host = X25519.Pair.generate(Randomness.system());
    try (Secret secret = Secret.own(SECRET.getBytes(StandardCharsets.US_ASCII))) {
      return new Envelope(Hpke.seal(host.publicKey(), INFO, secret, Randomness.system()), host);
    }
  }

  static SigningKey hostKey() {
    return SigningKey.generate(Randomness.system());
  }
}
