package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Thousands of damaged quotes and collateral sets, each a good one changed at one place. */
class ChangedBytesTest {
  private GoodQuote good;

  @BeforeEach
  void build() throws Exception {
    good = GoodQuote.build();
  }

  @Test
  void everyTruncationOfAQuoteIsRefused() {
    for (int size = 0; size < good.quote().size() - 1; size += size < 1200 ? 1 : 7) {
      assertThat(good.judged(good.quote().slice(0, size))).isInstanceOf(Verdict.Refused.class);
    }
  }

  @Test
  void everyChangedByteOfAQuoteIsRefusedUnlessItIsOnlySpelling() {
    int certificates = good.quote().size() - good.quote().size() * 2 / 3;
    for (int at = 0; at < good.quote().size(); at += at < 1100 ? 1 : 5) {
      Verdict verdict = good.judged(Cases.flipped(good.quote(), at));
      if (at < certificates && at < 1050) {
        assertThat(verdict).as("byte %d", at).isInstanceOf(Verdict.Refused.class);
      } else if (verdict instanceof Verdict.Trusted) {
        assertThat(verdict).as("byte %d", at).isEqualTo(good.expected());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void collateralChangedAtRandomNeverChangesAVerdict(long seed) {
    Random random = new Random(seed);
    for (Part part : Part.values()) {
      Bytes original = good.part(part);
      for (int i = 0; i < 150; i++) {
        Verdict verdict = good.judged(part, changed(original, random));
        if (verdict instanceof Verdict.Trusted) {
          assertThat(verdict).as("%s, seed %d, try %d", part, seed, i).isEqualTo(good.expected());
        }
      }
    }
  }

  private static Bytes changed(Bytes original, Random random) {
    byte[] bytes = original.toArray();
    int at = random.nextInt(bytes.length);
    switch (random.nextInt(4)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes = Arrays.copyOf(bytes, at);
      case 2 -> Arrays.fill(bytes, at, Math.min(at + 8, bytes.length), (byte) random.nextInt());
      default -> {
        Bytes tail = Bytes.of(Arrays.copyOfRange(bytes, at, bytes.length));
        bytes = Bytes.concat(Bytes.of(Arrays.copyOf(bytes, at)), tail, tail).toArray();
      }
    }
    return Bytes.wrap(bytes);
  }
}
