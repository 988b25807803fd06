package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.util.List;

/** What keys are called in the key store. */
final class KeyNames {
  /** {@code K_A}. */
  static final String AUTHORITY = "authority";

  private KeyNames() {}

  static String wrap(Bytes lineage, Keys.Wrap wrap) {
    return "wrap/" + lineage + "/" + wrap.id() + "/" + wrap.fence();
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

  /** Whose key it is, in hex; empty for the authority's own. */
  static String lineage(String name) {
    String[] parts = name.split("/", 3);
    return parts.length == 3 ? parts[1] : "";
  }

  /** Of the operation that made the key; 0 for bytes that an operator added. */
  static long fence(String name) {
    return name.startsWith("add/") ? 0 : Long.parseLong(name.substring(name.lastIndexOf('/') + 1));
  }
}
