package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** Nonces that were given out: bound to an operation, single use, 60 s, bounded in number. */
final class Challenges {
  static final long LIFE_MS = 60_000;
  private static final int MOST = 4096;

  private final Map<Bytes, Given> given = new LinkedHashMap<>();

  private record Given(Bytes lineage, Bytes opId, long atMs) {}

  /** Times are of the monotonic clock. */
  void give(Bytes nonce, Bytes lineage, Bytes opId, long nowMs) {
    Iterator<Given> oldest = given.values().iterator();
    while (oldest.hasNext()) {
      boolean over = nowMs - oldest.next().atMs() > LIFE_MS;
      if (!over && given.size() < MOST) {
        break;
      }
      oldest.remove();
    }
    given.put(nonce, new Given(lineage, opId, nowMs));
  }

  /** Whether the nonce was given out for this operation, is young enough and not yet used. */
  boolean has(Bytes nonce, Bytes lineage, Bytes opId, long nowMs) {
    Given found = given.get(nonce);
    return found != null
        && found.lineage().equals(lineage)
        && found.opId().equals(opId)
        && nowMs - found.atMs() <= LIFE_MS;
  }

  /** It is used now. */
  void use(Bytes nonce) {
    given.remove(nonce);
  }
}
