package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.util.HashMap;
import java.util.Map;

/** Online passports per lineage and second: a token bucket that holds one second's worth. */
final class NonceRate {
  private final Map<Bytes, Bucket> buckets = new HashMap<>();

  private record Bucket(double tokens, long atMs) {}

  boolean take(Bytes lineage, long rate, long nowMs) {
    double perSecond = (double) rate;
    Bucket full = new Bucket(perSecond, nowMs);
    Bucket bucket = buckets.getOrDefault(lineage, full);
    double refilled =
        Math.min(perSecond, bucket.tokens() + perSecond * (nowMs - bucket.atMs()) / 1_000.0);
    boolean given = refilled >= 1;
    buckets.put(lineage, new Bucket(given ? refilled - 1 : refilled, nowMs));
    return given;
  }
}
