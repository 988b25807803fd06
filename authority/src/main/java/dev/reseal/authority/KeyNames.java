package dev.reseal.authority;

import dev.reseal.bytes.Bytes;

/** What keys are called in the key store. */
final class KeyNames {
  /** {@code K_A}. */
  static final String AUTHORITY = "authority";

  private KeyNames() {}

  static String wrap(Bytes lineage, Bytes wrapId) {
    return "wrap/" + lineage + "/" + wrapId;
  }

  static String gen(Bytes lineage, Keys.Gen gen) {
    return "gen/" + lineage + "/" + gen.number() + "/" + gen.fence();
  }

  /** Bytes that an operator added for the next generation. */
  static String added(Bytes lineage, String purpose) {
    return "add/" + lineage + "/" + purpose;
  }

  /** Whether a register row must name the key for it to live. */
  static boolean belongsToRow(String name) {
    return name.startsWith("wrap/") || name.startsWith("gen/");
  }
}
