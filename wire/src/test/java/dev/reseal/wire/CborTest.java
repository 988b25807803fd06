package dev.reseal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Protocol 5.0, on items and bytes that nobody wrote by hand. */
final class CborTest {

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void everyItemComesBack(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      for (Cbor.Profile profile : Cbor.Profile.values()) {
        Cbor item = item(random, profile, 0);
        assertThat(Cbor.decode(item.encode(profile), profile)).isEqualTo(item);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void whateverIsReadIsTheOneEncodingOfWhatItSays(long seed) {
    Random random = new Random(seed);
    int read = 0;
    for (int i = 0; i < 20_000; i++) {
      for (Cbor.Profile profile : Cbor.Profile.values()) {
        Bytes input = mutated(random, item(random, profile, 0).encode(profile));
        try {
          assertThat(Cbor.decode(input, profile).encode(profile)).isEqualTo(input);
          Cbor.check(input.buffer(), profile);
          read++;
        } catch (WireException refused) {
          assertThatThrownBy(() -> Cbor.check(input.buffer(), profile))
              .isInstanceOfSatisfying(
                  WireException.class, same -> assertThat(same.rule()).isEqualTo(refused.rule()));
        }
      }
    }
    assertThat(read).isPositive();
  }

  private static Bytes mutated(Random random, Bytes encoded) {
    byte[] content = encoded.toArray();
    for (int i = random.nextInt(3); i >= 0 && content.length > 0; i--) {
      content[random.nextInt(content.length)] = (byte) random.nextInt(256);
    }
    return Bytes.wrap(content);
  }

  private static Cbor item(Random random, Cbor.Profile profile, int depth) {
    boolean values = profile == Cbor.Profile.VALUES;
    return switch (random.nextInt(depth == 4 ? 6 : 8)) {
      case 0 -> Cbor.of(number(random));
      case 1 -> Cbor.of(values ? -1 - number(random) : number(random));
      case 2 -> Cbor.of(bytes(random));
      case 3 -> Cbor.of(text(random));
      case 4 -> random.nextBoolean() ? Cbor.of(random.nextBoolean()) : Cbor.nil();
      case 5 -> values ? new Cbor.Real(real(random)) : Cbor.nil();
      case 6 -> {
        List<Cbor> items = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
          items.add(item(random, profile, depth + 1));
        }
        yield new Cbor.Array(items);
      }
      default -> values ? dict(random, depth) : map(random, depth);
    };
  }

  private static Cbor map(Random random, int depth) {
    TreeMap<Long, Cbor> entries = new TreeMap<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      entries.put(number(random), item(random, Cbor.Profile.STRUCTURE, depth + 1));
    }
    return new Cbor.Map(entries);
  }

  private static Cbor dict(Random random, int depth) {
    TreeMap<String, Cbor> entries = new TreeMap<>(Cbor.KEY_ORDER);
    for (int i = random.nextInt(4); i > 0; i--) {
      entries.put(text(random), item(random, Cbor.Profile.VALUES, depth + 1));
    }
    return new Cbor.Dict(entries);
  }

  private static long number(Random random) {
    return random.nextLong() >>> (1 + random.nextInt(63));
  }

  private static double real(Random random) {
    return switch (random.nextInt(3)) {
      case 0 -> Float.float16ToFloat((short) random.nextInt());
      case 1 -> Float.intBitsToFloat(random.nextInt());
      default -> Double.longBitsToDouble(random.nextLong());
    };
  }

  private static Bytes bytes(Random random) {
    byte[] content = new byte[random.nextInt(300)];
    random.nextBytes(content);
    return Bytes.wrap(content);
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(8); i > 0; i--) {
      text.appendCodePoint("az\u00fc\u20ac\ud83d\ude00".codePointAt(random.nextInt(5)));
    }
    return text.toString();
  }

  @ParameterizedTest
  @EnumSource(Cbor.Profile.class)
  void theDeepestNestingIsReadAndOneMoreIsNot(Cbor.Profile profile) {
    String deepest = "81".repeat(profile.depth() - 1) + "80";
    assertThat(Cbor.decode(Bytes.hex(deepest), profile).encode(profile).toHex()).isEqualTo(deepest);
    MessagesTest.assertRefused(
        () -> Cbor.decode(Bytes.hex("81" + deepest), profile), WireException.Rule.DEPTH);
  }

  @Test
  void aHugeAnnouncedLengthTakesNoMemory() {
    for (String head : List.of("5a7fffffff", "7a7fffffff", "9a7fffffff", "ba7fffffff")) {
      MessagesTest.assertRefused(
          () -> Cbor.decode(Bytes.hex(head + "00")), WireException.Rule.TRUNCATED);
    }
  }

  @Test
  void aWriterRefusesWhatItsProfileDoesNotHave() {
    for (Cbor item :
        List.of(Cbor.of(-1), new Cbor.Real(1), new Cbor.Dict(new TreeMap<String, Cbor>()))) {
      assertThatThrownBy(item::encode).isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> Cbor.map().encode(Cbor.Profile.VALUES))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Cbor.of("\ud800").encode())
        .isInstanceOf(IllegalArgumentException.class);
  }
}
