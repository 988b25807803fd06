package dev.reseal.authority;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Randomness;
import org.junit.jupiter.api.Test;

class ChallengesTest {
  private static final Bytes MINE = Bytes.ascii("lineage of mine.");
  private static final Bytes OTHER = Bytes.ascii("lineage of other");
  private static final Bytes OP = Bytes.ascii("an operation id.");

  private final Challenges challenges = new Challenges(Randomness.system());

  @Test
  void whoeverAsksForManyPushesOutNobodys() {
    Bytes nonce = challenges.give(MINE, OP, 1_000);
    for (int i = 0; i < 5_000; i++) {
      challenges.give(i % 2 == 0 ? MINE : OTHER, OP, 1_000);
    }
    assertThat(challenges.has(nonce, MINE, OP, 1_000)).isTrue();
  }

  @Test
  void aNonceIsForOneOperationOnceAndForAMinute() {
    Bytes nonce = challenges.give(MINE, OP, 1_000);
    assertThat(challenges.has(nonce, OTHER, OP, 1_000)).isFalse();
    assertThat(challenges.has(nonce, MINE, MINE, 1_000)).isFalse();
    assertThat(challenges.has(nonce, MINE, OP, 61_001)).isFalse();
    assertThat(challenges.has(nonce, MINE, OP, 61_000)).isTrue();
    challenges.use(nonce);
    challenges.use(challenges.give(MINE, OP, 61_000));
    assertThat(challenges.has(nonce, MINE, OP, 61_000)).isFalse();
  }

  @Test
  void whatThisProcessDidNotGiveIsNoNonce() {
    Bytes nonce = challenges.give(MINE, OP, 1_000);
    Bytes later = Bytes.concat(Bytes.u64(1_001), nonce.slice(8, 24));
    assertThat(challenges.has(later, MINE, OP, 1_001)).isFalse();
    assertThat(challenges.has(Bytes.zeros(32), MINE, OP, 0)).isFalse();
    Bytes anothers = new Challenges(Randomness.system()).give(MINE, OP, 1_000);
    assertThat(challenges.has(anothers, MINE, OP, 1_000)).isFalse();
  }
}
