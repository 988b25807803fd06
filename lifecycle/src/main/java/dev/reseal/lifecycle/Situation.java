package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import java.util.Optional;

/** Where a supervisor stands. */
public sealed interface Situation {
  /**
   * Started or confused: the authority has not been compared with what is here.
   *
   * @param resumed an operator wants to go on although candidates failed before
   */
  record Unsettled(boolean resumed) implements Situation {}

  /** The lineage has never had an instance. */
  record Unborn() implements Situation {}

  /** One instance serves and nothing is under way. */
  record Idle(String active) implements Situation {}

  record Running(Run run) implements Situation {}

  /**
   * An abort is asked for or on its way to the old instance; an operator's has its own op_id. What
   * the instance says about serving counts once it was advised.
   */
  record BackingOut(Run run, Cause cause, Optional<Bytes> askedBy, boolean advised)
      implements Situation {}

  /** Nothing serves, the head is intact, and repeating has no prospect without a person. */
  record Halted(Run run, Cause cause) implements Situation {}

  /** The authority is in quarantine, another instance is active, or the lineage is closed. */
  record Aside(Cause cause) implements Situation {}

  static Phase phase(Situation situation) {
    return switch (situation) {
      case Unsettled _, Unborn _, Idle _, Aside _ -> Phase.IDLE;
      case Running(Run run) -> run.phase();
      case BackingOut(Run run, _, _, _) -> run.phase();
      case Halted(Run run, _) -> run.phase();
    };
  }
}
