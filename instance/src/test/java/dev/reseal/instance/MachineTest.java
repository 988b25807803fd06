package dev.reseal.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.fixtures.Checkout;
import dev.reseal.wire.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Protocol 8: the machine is the table of spec/instance.vec, cell by cell. */
final class MachineTest {
  record Row(Input input, List<String> cells) {}

  private static List<String> lines() throws IOException {
    return Files.readAllLines(Checkout.file("spec/instance.vec")).stream()
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .toList();
  }

  private static List<String> words(String line) {
    return Arrays.asList(line.trim().split("\\s+"));
  }

  static List<Row> rows() throws IOException {
    List<Row> rows = new ArrayList<>();
    for (String line : lines().subList(1, lines().size())) {
      List<String> words = words(line);
      Input input =
          Arrays.stream(Input.values())
              .filter(each -> each.row().equals(words.getFirst()))
              .findFirst()
              .orElseThrow(() -> new AssertionError("no input " + words.getFirst()));
      rows.add(new Row(input, words.subList(1, words.size())));
    }
    return rows;
  }

  @Test
  void theTableHasEveryStateAndEveryInputOnce() throws IOException {
    List<String> header = words(lines().getFirst());
    assertThat(header.subList(1, header.size()))
        .containsExactlyElementsOf(Arrays.stream(State.values()).map(Enum::name).toList());
    assertThat(rows().stream().map(Row::input)).containsExactly(Input.values());
  }

  @Test
  void aTraceThatTheTableDoesNotAllowIsNamed() {
    Traced traced = new Traced();
    traced.stepped(State.BORN, Input.GRANT, new Machine.Step.To(State.RESTORING));
    assertThatThrownBy(
            () -> traced.stepped(State.BORN, Input.CHALLENGE, new Machine.Step.To(State.BORN)))
        .as("it begins elsewhere")
        .hasMessageStartingWith("in RESTORING: CHALLENGE in BORN");
    assertThatThrownBy(() ->
            traced.stepped(State.RESTORING, Input.RESTORED, new Machine.Step.To(State.SERVING)))
        .as("it leads elsewhere")
        .hasMessageEndingWith("led to SERVING, the table says STANDBY");
    assertThatThrownBy(() ->
            traced.stepped(State.RESTORING, Input.SEAL, new Machine.Step.Refused(Code.FENCED)))
        .as("another rule")
        .hasMessageEndingWith("led to -FENCED, the table says -WRONG_STATE");
  }

  @ParameterizedTest
  @MethodSource("rows")
  void everyCellHolds(Row row) {
    assertThat(row.cells()).hasSize(State.values().length);
    List<String> found = new ArrayList<>();
    for (State state : State.values()) {
      found.add(cell(state, Machine.step(state, row.input())));
    }
    assertThat(found).isEqualTo(row.cells());
  }

  static String cell(State state, Machine.Step step) {
    return switch (step) {
      case Machine.Step.To(State next) -> next == state && next != State.DEAD ? "." : next.name();
      case Machine.Step.Refused(Code rule) -> "-" + rule;
    };
  }
}
