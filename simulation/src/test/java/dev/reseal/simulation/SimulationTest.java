package dev.reseal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** A fixed set of seeds, and that a seed is all that there is. */
class SimulationTest {
  private static final long SEEDS = Long.getLong("seeds", 200);

  @Test
  void everyInvariantHoldsInEveryStepOfAFixedSetOfSeeds() throws InterruptedException {
    Simulate.Tally tally = Simulate.run(0, SEEDS, 2, Wiring.PLAIN);
    System.out.println(tally.summary());
    assertThat(tally.failures).extracting(Simulation.Outcome::report).isEmpty();
    assertThat(tally.leastSteps).as("steps of a seed").isGreaterThanOrEqualTo(200);
    assertThat(tally.leastOperations).as("operations of a seed").isGreaterThanOrEqualTo(3);
    assertThat(tally.leastFaults).as("faults of a seed").isGreaterThanOrEqualTo(2);
    assertThat(tally.reached.keySet()).as("pairs of phase and fault").hasSizeGreaterThan(250);
    for (String met : List.of("POWER_LOSS_IN_SYNC", "AUTHORITY_POWER_LOSS", "TORN_RECORD")) {
      assertThat(tally.reached.keySet()).as("met").anyMatch(pair -> pair.endsWith(" " + met));
    }
  }

  @Test
  void aSeedGivesTheSameHistoryToTheLastByte() {
    for (long seed = 7; seed < 12; seed++) {
      Simulation.Outcome first = Simulation.run(seed, Wiring.PLAIN);
      Simulation.Outcome again = Simulation.run(seed, Wiring.PLAIN);
      assertThat(again.hash()).isEqualTo(first.hash());
      assertThat(again.phases()).isEqualTo(first.phases());
    }
  }

  @Test
  void anotherSeedGivesAnotherHistory() {
    assertThat(Simulation.run(3, Wiring.PLAIN).hash())
        .isNotEqualTo(Simulation.run(4, Wiring.PLAIN).hash());
  }

  @Test
  void aFailingSeedSaysHowToGoOn() {
    Simulation.Outcome outcome = Simulation.run(11, new Planted.SelfResume());
    assertThat(outcome.report()).contains("seed 11", "plan   [", "phases IDLE", "trace ");
  }
}
