package dev.reseal.simulation;

import dev.reseal.lifecycle.Situation;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * One seed: a world, a plan of faults, some operations, then healing, after which all must be well.
 */
final class Simulation {
  private static final int STEPS = 200;
  private static final long OPERATING_MS = 200_000;

  static {
    QuickCurves.install();
  }

  private final long seed;
  private final World world;
  private final Plan plan;
  private final Faults faults;

  private Simulation(long seed, Wiring wiring, Function<Chance, Plan> planned) {
    this.seed = seed;
    this.world = new World(seed, wiring);
    this.plan = planned.apply(world.chance.split());
    this.faults = new Faults(world, world.chance.split(), plan);
  }

  /**
   * What became of a seed.
   *
   * @param failure the rule that did not hold and why; empty when all did
   * @param hash SHA-256 over everything that happened
   * @param phases the phase line
   * @param reached phase and fault, of every fault that came
   * @param newest what happened last, oldest first
   */
  record Outcome(
      long seed,
      Optional<String> failure,
      String hash,
      String plan,
      String phases,
      Set<String> reached,
      int steps,
      int operations,
      int faults,
      List<String> newest) {
    /** Everything that a person needs to go on from here. */
    String report() {
      return "seed %d: %s%n  plan   %s%n  phases %s%n  steps %d, operations %d, faults %d, trace %s"
          .formatted(
              seed, failure.orElse("all well"), plan, phases, steps, operations, faults, hash);
    }
  }

  static Outcome run(long seed, Wiring wiring) {
    return new Simulation(seed, wiring, Plan::of).run();
  }

  /** The same with these faults, whatever the seed would have brought. */
  static Outcome run(long seed, Wiring wiring, Plan plan) {
    return new Simulation(seed, wiring, _ -> plan).run();
  }

  private Outcome run() {
    Optional<String> failure = Optional.empty();
    try {
      live();
      heal();
      world.replay();
    } catch (Check broken) {
      failure = Optional.of(String.valueOf(broken.getMessage()));
    } catch (RuntimeException | AssertionError bug) {
      failure = Optional.of("BUG: " + bug + " at " + List.of(bug.getStackTrace()).subList(0, 4));
    }
    return new Outcome(
        seed,
        failure,
        world.trace.hash().toHex(),
        plan.toString(),
        world.trace.phases(),
        faults.reached(),
        world.time.steps(),
        world.operator().operations(),
        faults.came(),
        world.trace.newest());
  }

  private void live() {
    world.observe(faults);
    world.operator().want((int) world.chance.between(3, 4));
    while (world.time.nowMs() < OPERATING_MS) {
      world.step();
      boolean rests =
          world.operator().content() && world.supervisor.situation() instanceof Situation.Idle;
      if (rests && (!faults.spent() || (late() && faults.came() < Plan.LEAST))) {
        world.operator().want(1);
        faults.force();
      } else if (rests && late()) {
        return;
      }
    }
    while (faults.came() < Plan.LEAST) {
      faults.force();
    }
  }

  private boolean late() {
    return world.time.steps() >= STEPS;
  }

  private void heal() {
    faults.end();
    world.heal();
    world.endHidden();
    if (!world.authority.up()) {
      world.restartAuthority();
    }
    world.trace.line("healed");
    world.settle();
  }
}
