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

  /** The operation that is under way or has stopped. */
  static Optional<Run> run(Situation situation) {
    return switch (situation) {
      case Running(Run run) -> Optional.of(run);
      case BackingOut(Run run, _, _, _) -> Optional.of(run);
      case Halted(Run run, _) -> Optional.of(run);
      case Unsettled _, Unborn _, Idle _, Aside _ -> Optional.empty();
    };
  }

  static Phase phase(Situation situation) {
    return run(situation).map(Run::phase).orElse(Phase.IDLE);
  }
}
