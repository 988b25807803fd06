package dev.reseal.instance;

import dev.reseal.wire.Code;
import java.util.List;

/** Whether an input was obeyed. */
public sealed interface Outcome {
  record Done(List<Output> outputs) implements Outcome {
    public Done {
      outputs = List.copyOf(outputs);
    }
  }

  /**
   * The input was refused; nothing changed, unless the instance is DEAD of it.
   *
   * @param code as on the wire
   * @param rule the name of the rule, finer than the code
   */
  record Refused(Code code, String rule, String detail) implements Outcome {}
}
