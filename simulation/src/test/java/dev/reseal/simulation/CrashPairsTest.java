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
 * Two crashes in one operation: every pair of victims at every pair of points, before and after,
 * the second one also in the recovery from the first. {@code -Dpairs=all} runs all; otherwise every
 * n-th first point.
 */
class CrashPairsTest {
  private static final boolean ALL = "all".equals(System.getProperty("pairs"));
  private static final int STRIDE = 53;

  @ParameterizedTest
  @EnumSource(
      value = Operation.class,
      names = {"GENESIS", "RESEAL", "REKEY", "TAKEOVER", "ABORT"})
  void t19EveryPairOfCrashesConvergesToOneServingInstance(Operation operation) {
    int points = new CrashCell(operation, List.of(), CrashCell.WHOLE).run();
    List<CrashPoint> firsts = new ArrayList<>();
    for (Victim victim : CrashEverywhereTest.victims(operation)) {
      for (int number = 1; number <= points; number++) {
        for (Side side : Side.values()) {
          firsts.add(new CrashPoint(victim, side, number));
        }
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
      int step = ALL ? 1 : 7;
      // The point of the first, its other side, is a point of the second too.
      int at = 2 * first.number() + (first.side() == Side.BEFORE ? 0 : 1);
      for (int half = at + 1; ; half += step) {
        CrashPoint second =
            new CrashPoint(victim, half % 2 == 0 ? Side.BEFORE : Side.AFTER, half / 2);
        CrashCell cell = new CrashCell(operation, List.of(first, second), CrashCell.WHOLE);
        try {
          cell.run();
          if (!cell.complete()) {
            // A crash before a step has no "after" of that step.
            if (half / 2 > first.number()) {
              break;
            }
            continue;
          }
          cell.world.replay();
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
