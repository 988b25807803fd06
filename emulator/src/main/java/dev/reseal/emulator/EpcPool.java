package dev.reseal.emulator;

import java.util.HashMap;
import java.util.Map;

/**
 * The accounting of one machine's EPC: who holds how many 4 KiB pages. Pages are counted for SECS,
 * version arrays and everything added (Linux, sgx/encl.c).
 */
final class EpcPool {
  private final long total;
  private final Map<String, Long> held = new HashMap<>();
  private long free;

  EpcPool(long total) {
    if (total <= 0) {
      throw new IllegalArgumentException("EPC of " + total + " pages");
    }
    this.total = total;
    this.free = total;
  }

  /** Takes the pages or, when there are not enough, none. */
  synchronized boolean take(String holder, long pages) {
    if (pages > free) {
      return false;
    }
    if (held.putIfAbsent(holder, pages) != null) {
      throw new IllegalStateException(holder + " already holds EPC pages");
    }
    free -= pages;
    return true;
  }

  /** Gives back what the holder has; nothing if it has nothing. */
  synchronized void giveBack(String holder) {
    Long pages = held.remove(holder);
    if (pages != null) {
      free += pages;
    }
  }

  synchronized long free() {
    return free;
  }

  long total() {
    return total;
  }
}
