package dev.reseal.emulator;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The accounting of a daemon's EPC: who holds how many 4 KiB pages. Pages are counted for SECS,
 * version arrays and everything added (Linux, sgx/encl.c). With a backing store, pages of the
 * holders that were used least recently make room first, and come back when their holder is used;
 * without one, full is full.
 */
final class EpcPool {
  private static final int SLOTS_PER_VA_PAGE = 512;

  /** What one enclave has: in the EPC, outside it, and what can never leave. */
  private record Held(long resident, long outside, long pinned) {
    Held evicting(long pages) {
      return new Held(resident - pages, outside + pages, pinned);
    }

    Held loading(long pages) {
      return evicting(-pages);
    }

    long evictable() {
      return resident - pinned;
    }
  }

  private final long total;
  private final long backing;

  /** Least recently used first. */
  private final Map<String, Held> held = new LinkedHashMap<>();

  private long free;
  private long stored;
  private long cost;
  private long leaksDue;
  private long leaked;
  private long elsewhere;

  EpcPool(long total, long backing) {
    if (total <= 0 || backing < 0) {
      throw new IllegalArgumentException("EPC of " + total + " pages, backing of " + backing);
    }
    this.total = total;
    this.backing = backing;
    this.free = total;
  }

  /** Takes the pages and says how many were evicted for them; empty, and none, if it cannot. */
  synchronized Optional<Long> take(String holder, long pages) {
    if (held.containsKey(holder)) {
      throw new IllegalStateException(holder + " already holds EPC pages");
    }
    long pinned = Math.min(pages, 1 + (pages + SLOTS_PER_VA_PAGE - 1) / SLOTS_PER_VA_PAGE);
    long missing = Math.max(0, pages - free);
    if (missing > Math.min(evictable() + (pages - pinned), backing - stored)) {
      return Optional.empty();
    }
    held.put(holder, new Held(pages, 0, pinned).evicting(missing - evict(missing)));
    stored += missing;
    free -= pages - missing;
    cost += pages * Knobs.COST_ADD + missing * Knobs.COST_EVICT;
    return Optional.of(missing);
  }

  /**
   * The holder is used: its pages that are outside are loaded, first into free ones, then in
   * exchange for others', as far as there are any. Says how many pages moved, in and out together.
   */
  synchronized long use(String holder) {
    Held own = held.remove(holder);
    if (own == null) {
      return 0;
    }
    long intoFree = Math.min(own.outside, free);
    // Each exchange evicts before it loads, for which the store must have a slot.
    boolean slot = stored - intoFree < backing;
    long exchanged = slot ? evict(Math.min(own.outside - intoFree, evictable())) : 0;
    long loaded = intoFree + exchanged;
    held.put(holder, own.loading(loaded));
    free -= intoFree;
    stored -= intoFree;
    cost += loaded * Knobs.COST_LOAD + exchanged * Knobs.COST_EVICT;
    return loaded + exchanged;
  }

  private long evictable() {
    return held.values().stream().mapToLong(Held::evictable).sum();
  }

  /** Evicts as many of {@code pages} as can be, and says how many. */
  private long evict(long pages) {
    long left = pages;
    for (Map.Entry<String, Held> each : held.entrySet()) {
      long out = Math.min(left, each.getValue().evictable());
      each.setValue(each.getValue().evicting(out));
      left -= out;
    }
    return pages - left;
  }

  /** Gives back what the holder has, but for leaks; nothing if it has nothing. */
  synchronized void giveBack(String holder) {
    Held own = held.remove(holder);
    if (own != null) {
      long lost = Math.min(leaksDue, own.resident);
      leaksDue -= lost;
      leaked += lost;
      free += own.resident - lost;
      stored -= own.outside;
    }
  }

  /** The next EREMOVEs fail. */
  synchronized void leak(long pages) {
    leaksDue += pages;
  }

  /** Another workload takes pages, as far as there are free ones. */
  synchronized void takeElsewhere(long pages) {
    long taken = Math.min(pages, free);
    elsewhere += taken;
    free -= taken;
  }

  synchronized void otherWorkloadEnds() {
    free += elsewhere;
    elsewhere = 0;
  }

  /** Pages of the holder that are outside the EPC. */
  synchronized long outside(String holder) {
    Held own = held.get(holder);
    return own == null ? 0 : own.outside;
  }

  synchronized long free() {
    return free;
  }

  synchronized long leaked() {
    return leaked;
  }

  /** Work done so far in units of {@link Knobs}. */
  synchronized long cost() {
    return cost;
  }

  long total() {
    return total;
  }
}
