package dev.reseal.emulator;

/**
 * What can be set about an emulated processor and driver. Costs are units without a relation to any
 * hardware; they only make dear what is dear.
 *
 * @param epcPages size of the EPC
 * @param backingPages pages that the backing store takes before it is full; 0 for a machine without
 *     one, where nothing can be reclaimed
 * @param lowWater free pages below which the driver starts to reclaim
 * @param highWater free pages that it then aims at
 * @param batch pages it reclaims at a time
 * @param patience times an allocation loops while the backing store refuses, before the watchdog's
 *     signal ends it; the kernel would loop until a signal
 * @param evictMicros microseconds that the daemon waits for each page that is evicted for a create,
 *     or that moves out or in when an instance asks its device; in process there is only {@link
 *     SgxDriver#cost}
 * @param tcs threads that a process of the daemon may have when it asks its device, 0 for any
 *     number; in process an image has its own TCS
 */
public record Knobs(
    int epcPages,
    int backingPages,
    int lowWater,
    int highWater,
    int batch,
    int patience,
    int evictMicros,
    int tcs) {
  static final int COST_ADD = 1;
  static final int COST_EXTEND = 2;
  static final int COST_EVICT = 40;
  static final int COST_LOAD = 40;

  public Knobs {
    require("EPC pages", epcPages, 1, Integer.MAX_VALUE);
    require("backing pages", backingPages, 0, Integer.MAX_VALUE);
    require("low water mark", lowWater, 0, Integer.MAX_VALUE);
    require("high water mark", highWater, lowWater, Integer.MAX_VALUE);
    require("batch", batch, 1, Integer.MAX_VALUE);
    require("patience", patience, 0, Integer.MAX_VALUE);
    require("evict cost in microseconds", evictMicros, 0, 10_000);
    require("TCS", tcs, 0, Integer.MAX_VALUE);
  }

  private static void require(String knob, int found, int least, int most) {
    if (found < least || found > most) {
      throw new IllegalArgumentException(
          knob + ": found " + found + ", expected " + least + " to " + most);
    }
  }

  /** The kernel's own marks and batch, and a backing store four times the EPC. */
  public static Knobs epc(int pages) {
    int low = Math.clamp(pages / 8, 0, 32);
    int backing = Math.clamp(4L * pages, 0, Integer.MAX_VALUE);
    return new Knobs(pages, backing, low, 2 * low, 16, 100, 0, 0);
  }

  public Knobs withBacking(int pages) {
    return new Knobs(epcPages, pages, lowWater, highWater, batch, patience, evictMicros, tcs);
  }

  public Knobs withEvictMicros(int micros) {
    return new Knobs(epcPages, backingPages, lowWater, highWater, batch, patience, micros, tcs);
  }

  public Knobs withTcs(int most) {
    return new Knobs(
        epcPages, backingPages, lowWater, highWater, batch, patience, evictMicros, most);
  }
}
