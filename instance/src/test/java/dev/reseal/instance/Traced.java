package dev.reseal.instance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * Replays an instance of a test as it goes: every step is its cell of {@code spec/instance.vec} and
 * begins where the one before it ended, the first in BORN.
 */
final class Traced {
  private static final List<MachineTest.Row> TABLE = table();

  private State at = State.BORN;
  private int steps;

  private static List<MachineTest.Row> table() {
    try {
      return MachineTest.rows();
    } catch (IOException missing) {
      throw new UncheckedIOException(missing);
    }
  }

  /** An {@link Observer}. */
  void stepped(State from, Input input, Machine.Step step) {
    MachineTest.Row row =
        TABLE.stream().filter(each -> each.input() == input).findFirst().orElseThrow();
    String cell = row.cells().get(List.of(State.values()).indexOf(from));
    String found = MachineTest.cell(from, step);
    if (from != at || !cell.equals(found)) {
      throw new AssertionError(
          "in %s: %s in %s led to %s, the table says %s".formatted(at, input, from, found, cell));
    }
    steps++;
    if (step instanceof Machine.Step.To(State next)) {
      at = next;
    }
  }

  int steps() {
    return steps;
  }
}
