package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Remembers facts that time cannot change, so that they need not be computed again: that a
 * signature verifies, and what a PCK chain says. Dates, revocation and policy are judged anew at
 * every use. Bounded, without locks: a slot holds the newest of those that hash to it.
 */
final class Seen {
  /** Certificates of authorities, signed JSON and CRLs; 32 bytes each. */
  private static final int AUTHORITIES = 1024;

  /** Platforms; some 4 KiB each. */
  private static final int PLATFORMS = 4096;

  private record Chain(Bytes key, PckChain chain) {}

  private final AtomicReferenceArray<Bytes> links;
  private final AtomicReferenceArray<Chain> chains;

  private Seen(int linkSlots, int chainSlots) {
    this.links = new AtomicReferenceArray<>(linkSlots);
    this.chains = new AtomicReferenceArray<>(chainSlots);
  }

  /** Remembers nothing. */
  static Seen nothing() {
    return new Seen(0, 0);
  }

  /** Remembers signatures of authorities, which are few, but no platform. */
  static Seen authorities() {
    return new Seen(AUTHORITIES, 0);
  }

  static Seen authoritiesAndPlatforms() {
    return new Seen(AUTHORITIES, PLATFORMS);
  }

  boolean link(Bytes fact) {
    return fact.equals(links.get(slot(fact, links.length())));
  }

  boolean remembersLinks() {
    return links.length() > 0;
  }

  void keepLink(Bytes fact) {
    links.set(slot(fact, links.length()), fact);
  }

  boolean remembersChains() {
    return chains.length() > 0;
  }

  Optional<PckChain> chain(Bytes key) {
    Chain found = chains.get(slot(key, chains.length()));
    return found != null && found.key.equals(key) ? Optional.of(found.chain) : Optional.empty();
  }

  void keepChain(Bytes key, PckChain chain) {
    chains.set(slot(key, chains.length()), new Chain(key, chain));
  }

  private static int slot(Bytes key, int slots) {
    return Math.floorMod(key.hashCode(), slots);
  }
}
