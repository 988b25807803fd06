package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.Hkdf;
import dev.reseal.wire.Randomness;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.Map;

/**
 * Nonces: bound to an operation, single use, 60 s. A nonce carries when it was given, and for what,
 * under a key of this process; only used ones are remembered. So whoever asks for many pushes out
 * nobody's.
 */
final class Challenges {
  static final long LIFE_MS = 60_000;
  private static final int SALT = 8;
  private static final int GIVEN = Long.BYTES + SALT;
  private static final int SIZE = 32;

  private final Randomness randomness;
  private final Secret key;
  private final Map<Bytes, Long> used = new HashMap<>();

  Challenges(Randomness randomness) {
    this.randomness = randomness;
    this.key = randomness.secret(SIZE);
  }

  /** Times are of the monotonic clock. */
  Bytes give(Bytes lineage, Bytes opId, long nowMs) {
    return tagged(Bytes.concat(Bytes.u64(nowMs), randomness.bytes(SALT)), lineage, opId);
  }

  private Bytes tagged(Bytes given, Bytes lineage, Bytes opId) {
    Bytes tag = Hkdf.hmac(key, Bytes.concat(given, lineage, opId));
    return Bytes.concat(given, tag.slice(0, SIZE - GIVEN));
  }

  /** Whether the nonce was given out for this operation, is young enough and not yet used. */
  boolean has(Bytes nonce, Bytes lineage, Bytes opId, long nowMs) {
    Bytes expected = tagged(nonce.slice(0, GIVEN), lineage, opId);
    return MessageDigest.isEqual(nonce.toArray(), expected.toArray())
        && nowMs - givenAt(nonce) <= LIFE_MS
        && !used.containsKey(nonce);
  }

  /** One that {@link #has} is used now. */
  void use(Bytes nonce) {
    long at = givenAt(nonce);
    used.values().removeIf(earlier -> at - earlier > LIFE_MS);
    used.put(nonce, at);
  }

  private static long givenAt(Bytes nonce) {
    return nonce.buffer().getLong();
  }
}
