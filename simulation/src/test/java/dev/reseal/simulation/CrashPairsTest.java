package dev.reseal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.simulation.CrashEverywhereTest.Operation;
import dev.reseal.simulation.CrashPoint.Side;
import dev.reseal.simulation.CrashPoint.Victim;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Two crashes in one operation: every pair of victims at every pair of points, the second one also
 * in the recovery from the first. {@code -Dpairs=all} runs all; otherwise every n-th first point.
 */
class CrashPairsTest {
  private static final boolean ALL = "all".equals(System.getProperty("pairs"));
  private static final int STRIDE = 20;

  @ParameterizedTest
  @EnumSource(
      value = Operation.class,
      names = {"GENESIS", "RESEAL", "REKEY", "TAKEOVER"})
  void t19EveryPairOfCrashesConvergesToOneServingInstance(Operation operation) {
    int points = new CrashCell(List.of(), CrashCell.WHOLE).run(operation);
    List<CrashPoint> firsts = new ArrayList<>();
    for (Victim victim : CrashEverywhereTest.victims(operation)) {
      for (int number = 1; number <= points; number++) {
        firsts.add(new CrashPoint(victim, Side.BEFORE, number));
      }
    }
    AtomicInteger cells = new AtomicInteger();
    int step = ALL ? 1 : STRIDE;
    java.util.stream.IntStream.range(0, (firsts.size() + step - 1) / step)
        .parallel()
        .forEach(i -> cells.addAndGet(seconds(operation, firsts.get(i * step))));
    System.out.println(operation + ": " + cells + " pairs of crashes");
    assertThat(cells.get()).isGreaterThan(10);
  }

  /** All cells whose first crash is this one; their number. */
  private static int seconds(Operation operation, CrashPoint first) {
    int cells = 0;
    for (Victim victim : CrashEverywhereTest.victims(operation)) {
      int step = ALL ? 1 : 3;
      for (int number = first.number() + 1; ; number += step) {
        CrashPoint second = new CrashPoint(victim, Side.BEFORE, number);
        CrashCell cell = new CrashCell(List.of(first, second), CrashCell.WHOLE);
        try {
          cell.run(operation);
          if (!cell.complete()) {
            break;
          }
          SimInvariants.converged(cell.world);
          cell.replay();
          cells++;
        } catch (RuntimeException | AssertionError broken) {
          throw new AssertionError(
              operation + " " + first + " " + second + ": " + broken.getMessage(), broken);
        }
      }
    }
    return cells;
  }
}
