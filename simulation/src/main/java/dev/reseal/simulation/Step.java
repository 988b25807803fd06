package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Input;
import dev.reseal.instance.Machine;
import dev.reseal.instance.State;
import dev.reseal.wire.Code;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One step of an instance's machine, as the instance itself recorded it.
 *
 * @param to the next state, or {@code -RULE} when the message was refused
 */
record Step(String instance, String from, String message, String to) {
  private static final String WORD = "move ";
  private static final Pattern LINE =
      Pattern.compile(WORD + "([0-9a-f]{64}) ([A-Z]+) ([a-z-]+) ([A-Z]+|-[A-Z_]+)");

  /** As a Java instance tells it. */
  static Step of(Bytes instanceId, State from, Input input, Machine.Step step) {
    String to =
        switch (step) {
          case Machine.Step.To(State state) -> state.name();
          case Machine.Step.Refused(Code rule) -> "-" + rule;
        };
    return new Step(instanceId.toHex(), from.name(), input.row(), to);
  }

  /** Whether a line of an instance's output claims to be one. */
  static boolean claimed(String line) {
    return line.startsWith(WORD);
  }

  /** {@code move INSTANCE_ID FROM MESSAGE TO}; empty when the line is not of that form. */
  static Optional<Step> parse(String line) {
    Matcher found = LINE.matcher(line);
    return found.matches()
        ? Optional.of(new Step(found.group(1), found.group(2), found.group(3), found.group(4)))
        : Optional.empty();
  }

  boolean refused() {
    return to.startsWith("-");
  }
}
