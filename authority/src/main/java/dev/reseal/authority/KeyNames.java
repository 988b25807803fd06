package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.util.List;

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

  /** Everything that operators may have added for the next generation under this policy. */
  static List<String> added(Policy policy) {
    Bytes lineage = policy.essentials().lineage();
    return policy.essentials().purposes().stream().map(each -> added(lineage, each)).toList();
  }

  /** Whether a register row must name the key for it to live, or its policy the purpose. */
  static boolean belongsToRow(String name) {
    return name.startsWith("wrap/") || name.startsWith("gen/") || name.startsWith("add/");
  }
}
