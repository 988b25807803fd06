package dev.reseal.wire;

import static dev.reseal.wire.MessagesTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.WireException.Rule;
import org.junit.jupiter.api.Test;

/** Protocol 4, RFC 9180. */
final class HpkeTest {
  private static final Bytes INFO = Bytes.ascii("info");

  @Test
  void whatIsSealedOpensWithTheSameKeyAndInfoOnly() {
    try (X25519.Pair pair = X25519.Pair.generate(Randomness.system());
        X25519.Pair other = X25519.Pair.generate(Randomness.system());
        Secret plaintext = Secret.random(32)) {
      Hpke.Box box = Hpke.seal(pair.publicKey(), INFO, plaintext, Randomness.system());
      assertThat(box.joined().size()).isEqualTo(80);
      try (Secret opened = Hpke.open(pair, INFO, Hpke.Box.split(box.joined()))) {
        assertThat(opened.matches(plaintext)).isTrue();
      }
      assertRefused(() -> Hpke.open(other, INFO, box), Rule.HPKE);
      assertRefused(() -> Hpke.open(pair, Bytes.ascii("inf0"), box), Rule.HPKE);
    }
  }

  @Test
  void everyFlippedBitIsRefused() {
    try (X25519.Pair pair = X25519.Pair.generate(Randomness.system());
        Secret plaintext = Secret.random(32)) {
      Bytes joined = Hpke.seal(pair.publicKey(), INFO, plaintext, Randomness.system()).joined();
      for (int bit = 0; bit < 8 * joined.size(); bit++) {
        byte[] flipped = joined.toArray();
        flipped[bit / 8] ^= (byte) (1 << bit % 8);
        Hpke.Box box = Hpke.Box.split(Bytes.wrap(flipped));
        assertRefused(() -> Hpke.open(pair, INFO, box), Rule.HPKE);
      }
    }
  }

  @Test
  void aPointOfSmallOrderIsRefused() {
    try (X25519.Pair pair = X25519.Pair.generate(Randomness.system())) {
      assertRefused(() -> X25519.agree(pair.secret(), Bytes.zeros(32)), Rule.KEY);
      byte[] one = new byte[32];
      one[0] = 1;
      assertRefused(() -> X25519.agree(pair.secret(), Bytes.wrap(one)), Rule.KEY);
    }
  }
}
