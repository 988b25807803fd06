package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.util.HashMap;
import java.util.Map;

/**
 * The policy file of each lineage as it was parsed last: every call reads a row, few change its
 * policy.
 */
final class ParsedPolicies {
  private final Map<Bytes, Parsed> newest = new HashMap<>();

  private record Parsed(Bytes file, Policy policy) {}

  /** What {@link PolicyFile#parse} makes of these bytes; throws {@link PolicyException}. */
  Policy of(Bytes file, Bytes lineage) {
    Parsed known = newest.get(lineage);
    if (known == null || !known.file().equals(file)) {
      known = new Parsed(file, PolicyFile.parse(file, lineage));
      newest.put(lineage, known);
    }
    return known.policy();
  }
}
