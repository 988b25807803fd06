package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Code;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.WireError;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Keys that operators give: taken by the next generation, and gone with whatever could take them.
 */
class KeyCallsTest extends OnItsOwnWorld {
  private static final Bytes KEY = Bytes.ascii("thirty-two bytes of an operator.");

  @BeforeEach
  void make() {
    world.serving();
  }

  private Reply add(String purpose, Bytes key, Bytes nonce) {
    Bytes payload =
        Cbor.map()
            .with(1, 1)
            .with(2, World.LINEAGE)
            .with(3, purpose)
            .with(4, key)
            .with(5, nonce)
            .encode();
    return world.service.post("key-add", Cose.sign("key-add", payload, world.operator));
  }

  private Reply add(String purpose) {
    return add(purpose, KEY, Randomness.system().bytes(16));
  }

  private List<String> added() {
    return world.keys.names().stream().filter(name -> name.startsWith("add/")).toList();
  }

  private boolean stored(Bytes key) {
    return world.keys.names().stream().anyMatch(name -> has(name, key));
  }

  private boolean has(String name, Bytes key) {
    try (Secret held = world.keys.get(name).orElseThrow()) {
      return held.use(bytes -> Bytes.of(bytes).toHex().contains(key.toHex()));
    }
  }

  @Test
  void theNextGenerationTakesTheBytesOnce() {
    answer(add("records"));
    assertThat(added()).hasSize(1);
    world.begin(Kind.REKEY, true);
    assertThat(added()).isEmpty();
    assertThat(stored(KEY)).isTrue();
  }

  /** It took bytes that an operator added. */
  private Ask rekeyWhoseAnchorFailed() {
    Power power = Power.of(world);
    answer(add("records"));
    Ask ask = world.ask(Kind.REKEY, true, Ask.NOTHING);
    power.fails(3);
    assertThat(refusal(world.request(ask, world.operator)).code()).isEqualTo(Code.UNAVAILABLE);
    return ask;
  }

  @Test
  void bytesThatAGenerationTookGoIntoNoOtherThoughTheAnchorFailedAtFirst() {
    Ask ask = rekeyWhoseAnchorFailed();
    answer(world.request(ask, world.operator));
    world.begin(Kind.REKEY, true);
    assertThat(world.status().operation().gen()).isEqualTo(3);
    assertThat(world.keys.names().stream().filter(name -> has(name, KEY))).hasSize(1);
  }

  @Test
  void bytesThatAGenerationTookAreGoneAfterAStartToo() {
    rekeyWhoseAnchorFailed();
    world.restart();
    assertThat(added()).isEmpty();
    assertThat(stored(KEY)).isTrue();
  }

  @Test
  void theNewestBytesCountAndAReplayOfOlderOnesDoesNot() {
    Bytes nonce = Randomness.system().bytes(16);
    Bytes newer = Bytes.ascii("another thirty-two bytes, newer.");
    answer(add("records", KEY, nonce));
    answer(add("records", newer, Randomness.system().bytes(16)));
    answer(add("records", KEY, nonce));
    assertThat(stored(newer)).isTrue();
    assertThat(stored(KEY)).isFalse();
  }

  @Test
  void aPurposeThatPolicyLacksAndAKeyTooShortAreRefused() {
    assertThat(refusal(add("payments")).rule()).isEqualTo("PURPOSE");
    assertThat(refusal(add("payments")).allow()).contains("\"purposes\": [\"payments\"]");
    assertThat(refusal(add("records", Bytes.zeros(15), Bytes.zeros(16))).rule())
        .isEqualTo("KEY_SIZE");
    assertThat(added()).isEmpty();
  }

  @Test
  void aCloseErasesThemAndTakesNoMore() {
    answer(add("records"));
    answer(world.request(world.ask(Kind.CLOSE, false, Ask.NOTHING), world.operator));
    assertThat(stored(KEY)).isFalse();
    assertThat(refusal(add("records")).rule()).isEqualTo("WRONG_STATE");
    assertThat(added()).isEmpty();
  }

  @Test
  void aPolicyWithoutThePurposeErasesThem() {
    answer(add("records"));
    String without = world.policy("").replace("[\"records\"]", "[\"payments\"]");
    answer(world.applied(without));
    assertThat(stored(KEY)).isFalse();
    assertThat(added()).isEmpty();
  }

  /** A lineage that has no instance yet, under a policy with these purposes. */
  private void unborn(List<String> purposes) {
    world = new World(home.resolve("unborn"));
    String file =
        world.policy("").replace("\"records\"", "\"" + String.join("\", \"", purposes) + "\"");
    answer(world.applied(file));
  }

  private WireError genesisRefused() {
    return refusal(world.request(world.ask(Kind.GENESIS, true, Ask.NOTHING), world.operator));
  }

  @Test
  void aGenesisWhoseKeysNoActivationCouldCarryIsRefusedUntilTheyAreShorter() {
    List<String> purposes = IntStream.range(0, 8).mapToObj(each -> "purpose" + each).toList();
    unborn(purposes);
    for (String each : purposes) {
      answer(add(each, Bytes.zeros(4096), Randomness.system().bytes(16)));
    }
    assertThat(genesisRefused().rule()).isEqualTo("KEYSET_BOUND");
    answer(add(purposes.getFirst()));
    world.activate(world.begin(Kind.GENESIS, true));
  }

  @Test
  void aKeysetCountsTheBytesOfAPurposeAndNotItsCharacters() {
    List<String> purposes =
        IntStream.range(0, 63)
            .mapToObj(each -> each < 7 ? "p" + each : "€".repeat(20) + (char) ('一' + each))
            .toList();
    unborn(purposes);
    for (String each : purposes.subList(0, 7)) {
      answer(add(each, Bytes.zeros(4096), Randomness.system().bytes(16)));
    }
    assertThat(genesisRefused().rule()).isEqualTo("KEYSET_BOUND");
  }

  /** A crash between the commit of a close and the erasure, or an older copy of the key store. */
  @Test
  void aStartErasesWhatNoGenerationCanTakeAndKeepsTheRest() {
    answer(add("records"));
    world.restart();
    assertThat(stored(KEY)).isTrue();
    answer(world.request(world.ask(Kind.CLOSE, false, Ask.NOTHING), world.operator));
    try (Secret old = Secret.own(KEY.toArray())) {
      world.keys.put("add/" + World.LINEAGE + "/records", old);
    }
    world.restart();
    assertThat(added()).isEmpty();
  }
}
