package dev.reseal.wire;

import dev.reseal.bytes.Bytes;

/** The same bytes each time for a seed: SHA-256 of seed and block number. */
final class FixedRandomness implements Randomness {
  private final Bytes seed;
  private Bytes block = Bytes.EMPTY;
  private int used;
  private long next;

  FixedRandomness(String seed) {
    this.seed = Bytes.ascii(seed);
  }

  @Override
  public void fill(byte[] target) {
    for (int i = 0; i < target.length; i++) {
      if (used == block.size()) {
        block = Bytes.sha256(seed, Bytes.u64(next++));
        used = 0;
      }
      target[i] = block.at(used++);
    }
  }
}
