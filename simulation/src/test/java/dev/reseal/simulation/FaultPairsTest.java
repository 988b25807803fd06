package dev.reseal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.lifecycle.Phase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * A crash together with every other fault, in every phase: a world whose plan is these two, the
 * other one first or at the next point. {@code -Dpairs=all} runs all, otherwise every n-th.
 */
class FaultPairsTest {
  private static final int STRIDE = "all".equals(System.getProperty("pairs")) ? 1 : 61;

  private static final List<Fault> CRASHES =
      List.of(
          Fault.SUPERVISOR_CRASH,
          Fault.POWER_LOSS,
          Fault.POWER_LOSS_IN_SYNC,
          Fault.OLD_DIES,
          Fault.NEW_DIES,
          Fault.AUTHORITY_CRASH,
          Fault.AUTHORITY_POWER_LOSS,
          Fault.PLATFORM_DIES);

  private static final List<Phase> PHASES =
      Arrays.stream(Phase.values()).filter(p -> !p.before(Phase.PREFLIGHT)).toList();

  static {
    QuickCurves.install();
  }

  private static List<Plan> plans() {
    List<Plan> plans = new ArrayList<>();
    for (Fault crash : CRASHES) {
      for (Fault other : Fault.values()) {
        for (Phase phase : PHASES) {
          int point = 1 + plans.size() % 5;
          plans.add(
              new Plan(
                  List.of(
                      new Plan.Item(other, Optional.of(phase), point),
                      new Plan.Item(crash, Optional.of(phase), point + plans.size() % 2))));
        }
      }
    }
    return plans;
  }

  @Test
  void aCrashWithAnyOtherFaultInAnyPhaseLosesNothingAndConverges() {
    List<Plan> plans = plans();
    Queue<String> failed = new ConcurrentLinkedQueue<>();
    Set<String> reached = new ConcurrentSkipListSet<>();
    IntStream.range(0, (plans.size() + STRIDE - 1) / STRIDE)
        .parallel()
        .map(i -> i * STRIDE)
        .forEach(i -> {
          Simulation.Outcome outcome = Simulation.run(i, Wiring.PLAIN, plans.get(i));
          outcome.failure().ifPresent(_ -> failed.add(outcome.report()));
          reached.addAll(outcome.reached());
        });
    System.out.println(
        plans.size() / STRIDE + " of " + plans.size() + " crashes with another fault");
    assertThat(failed).isEmpty();
    int different = PHASES.size() * Fault.values().length;
    assertThat(reached).hasSizeGreaterThan(Math.min(plans.size() / STRIDE, different) / 2);
  }
}
