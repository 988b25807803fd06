package dev.reseal.emulator;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * When which {@link Fault} happens, counted in driver calls of the machine; the whole plan is known
 * before the first call, so a run is the same for the same plan.
 */
public final class Faults {
  private final SortedMap<Long, List<Fault>> plan = new TreeMap<>();
  private long calls;

  private Faults() {}

  public static Faults none() {
    return new Faults();
  }

  /** A plan from a seed: about one fault in {@code rarity} of the first {@code calls} calls. */
  public static Faults seeded(long seed, int calls, int rarity) {
    SplittableRandom random = new SplittableRandom(seed);
    Faults faults = new Faults();
    for (long call = 1; call <= calls; call++) {
      if (random.nextInt(rarity) == 0) {
        faults.at(call, any(random));
      }
    }
    return faults;
  }

  private static Fault any(SplittableRandom random) {
    return switch (random.nextInt(11)) {
      case 0 -> new Fault.PowerTransition();
      case 1 -> new Fault.LeakedPages(1 + random.nextInt(4));
      case 2 -> new Fault.PagesTaken(1 + random.nextInt(16));
      case 3 -> new Fault.OpenRetry(1 + random.nextInt(3));
      case 4 -> new Fault.Microcode(1 + random.nextInt(20));
      case 5 -> new Fault.PagesReturned();
      case 6 -> new Fault.ForkedChild();
      case 7 -> new Fault.ChildrenExit();
      case 8 -> new Fault.BusyThread(1 + random.nextInt(5));
      case 9 -> new Fault.QuotingAway(1 + random.nextInt(3));
      default -> new Fault.EinitInterrupted(1 + random.nextInt(3));
    };
  }

  /** Adds a fault that strikes just before driver call number {@code call}, counted from 1. */
  public Faults at(long call, Fault fault) {
    plan.computeIfAbsent(call, _ -> new ArrayList<>()).add(fault);
    return this;
  }

  /** The whole plan as text, for the log of a run. */
  @Override
  public String toString() {
    return plan.toString();
  }

  /** Counts one driver call and gives what strikes before it. */
  synchronized List<Fault> next() {
    calls++;
    List<Fault> due = plan.get(calls);
    return due == null ? List.of() : List.copyOf(due);
  }
}
