package dev.reseal.simulation;

import dev.reseal.lifecycle.Phase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The faults of one seed, each with the moment at which it comes: after so many points in a phase,
 * or anywhere. A point is a happening, a journal write or an order.
 */
record Plan(List<Item> items) {
  static final int LEAST = 2;
  private static final int MOST = 5;

  /** The machine's own are many and alike: they do not crowd out the rest. */
  private static final List<Fault> OF_MACHINE = faults(true);

  private static final List<Fault> OTHERS = faults(false);

  Plan {
    items = List.copyOf(items);
  }

  record Item(Fault fault, Optional<Phase> phase, int points) {
    @Override
    public String toString() {
      return fault + "@" + phase.map(Phase::name).orElse("ANY") + "+" + points;
    }
  }

  private static List<Fault> faults(boolean ofMachine) {
    return Arrays.stream(Fault.values()).filter(each -> each.ofMachine() == ofMachine).toList();
  }

  static Plan of(Chance chance) {
    List<Item> items = new ArrayList<>();
    int many = (int) chance.between(LEAST, MOST);
    for (int i = 0; i < many; i++) {
      Fault fault = chance.of(i == 0 && chance.oneIn(6) ? OF_MACHINE : OTHERS);
      boolean anywhere = chance.oneIn(3);
      Phase phase = Phase.of((int) chance.between(Phase.PREFLIGHT.number(), 15));
      items.add(
          anywhere
              ? new Item(fault, Optional.empty(), (int) chance.between(20, 260))
              : new Item(fault, Optional.of(phase), (int) chance.between(1, 10)));
    }
    return new Plan(items);
  }

  @Override
  public String toString() {
    return items.toString();
  }
}
