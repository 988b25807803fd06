package dev.reseal.simulation;

import dev.reseal.wire.Randomness;
import java.util.List;
import java.util.SplittableRandom;

/** The only source of chance in a simulated world: everything in it follows from one seed. */
final class Chance {
  private final SplittableRandom random;

  Chance(long seed) {
    this.random = new SplittableRandom(seed);
  }

  private Chance(SplittableRandom random) {
    this.random = random;
  }

  /** A stream of its own, so that drawing from one does not shift the other. */
  Chance split() {
    return new Chance(random.split());
  }

  SplittableRandom source() {
    return random;
  }

  /** 0 to {@code bound - 1}. */
  int below(int bound) {
    return random.nextInt(bound);
  }

  /** Both included. */
  long between(long least, long most) {
    return random.nextLong(least, most + 1);
  }

  boolean oneIn(int n) {
    return random.nextInt(n) == 0;
  }

  <T> T of(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  /** For keys, nonces and signatures. */
  Randomness bytes() {
    return random::nextBytes;
  }
}
