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
  private record Chain(Bytes key, PckChain chain) {}

  private final AtomicReferenceArray<Bytes> links;
  private final AtomicReferenceArray<Chain> chains;

  private Seen(int slots) {
    this.links = new AtomicReferenceArray<>(slots);
    this.chains = new AtomicReferenceArray<>(slots);
  }

  /** Remembers nothing. */
  static Seen nothing() {
    return new Seen(0);
  }

  static Seen upTo(int slots) {
    return new Seen(slots);
  }

  boolean remembers() {
    return links.length() > 0;
  }

  boolean link(Bytes fact) {
    return fact.equals(links.get(slot(fact)));
  }

  void keepLink(Bytes fact) {
    links.set(slot(fact), fact);
  }

  Optional<PckChain> chain(Bytes key) {
    Chain found = chains.get(slot(key));
    return found != null && found.key.equals(key) ? Optional.of(found.chain) : Optional.empty();
  }

  void keepChain(Bytes key, PckChain chain) {
    chains.set(slot(key), new Chain(key, chain));
  }

  private int slot(Bytes key) {
    return Math.floorMod(key.hashCode(), links.length());
  }
}
