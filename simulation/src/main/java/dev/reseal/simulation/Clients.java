package dev.reseal.simulation;

import java.util.List;
import java.util.Optional;

/** Relying parties that come by and by, and the relay that leads them to an instance. */
final class Clients {
  private final World world;
  private Optional<String> target = Optional.empty();
  private int diverted;

  Clients(World world) {
    this.world = world;
  }

  void park() {
    target = Optional.empty();
  }

  void release(String handle) {
    target = Optional.of(handle);
  }

  /** The relay leads the next ones to anybody who is alive. */
  void divert(int requests) {
    diverted = requests;
  }

  /** From now on, for ever. */
  void come() {
    world.time.after(
        world.chance.between(5, 40),
        () -> {
          request();
          come();
        });
  }

  private void request() {
    List<InstanceNode> all = world.nodes();
    Optional<InstanceNode> reached = target.flatMap(world::node);
    if (!all.isEmpty() && (diverted > 0 || world.chance.oneIn(8))) {
      InstanceNode anybody = world.chance.of(all);
      if (diverted > 0 && !reached.equals(Optional.of(anybody))) {
        world.struck(Fault.RELAY_DIVERTED.name());
      }
      diverted = Math.max(0, diverted - 1);
      reached = Optional.of(anybody);
    }
    reached.filter(world.invariants::accepts).ifPresent(world.ledger::write);
  }
}
