package dev.reseal.instance;

import dev.reseal.wire.Code;

/** The transition function of protocol 8: the same table as {@code spec/instance.vec}. */
public final class Machine {
  private Machine() {}

  /** What a message leads to. */
  public sealed interface Step {
    /** The next state, which may be the same one. */
    record To(State state) implements Step {}

    /** The message is refused by this rule and nothing changes. */
    record Refused(Code rule) implements Step {}
  }

  public static Step step(State state, Input input) {
    return switch (input) {
      case CHALLENGE ->
          switch (state) {
            case BORN, RESTORING, STANDBY -> to(state);
            case INSTALLING, SERVING, QUIESCING, LOCKED, DEAD -> wrong();
          };
      case PLAT_CHECK ->
          switch (state) {
            case BORN, SERVING -> to(state);
            case RESTORING, STANDBY, INSTALLING, QUIESCING, LOCKED, DEAD -> wrong();
          };
      case GRANT -> only(state, State.BORN, to(State.RESTORING));
      case GRANT_GENESIS -> only(state, State.BORN, to(State.STANDBY));
      case GRANT_OTHER -> only(state, State.BORN, refused(Code.BINDING_MISMATCH));
      case RESTORED -> only(state, State.RESTORING, to(State.STANDBY));
      case RESTORE_FAILED -> only(state, State.RESTORING, to(State.DEAD));
      case READY -> only(state, State.STANDBY, to(State.STANDBY));
      case ACTIVATION -> only(state, State.STANDBY, to(State.INSTALLING));
      case ACTIVATION_OTHER -> only(state, State.STANDBY, refused(Code.BINDING_MISMATCH));
      case ACTIVATION_FENCED -> only(state, State.STANDBY, refused(Code.FENCED));
      case INSTALLED -> only(state, State.INSTALLING, to(State.SERVING));
      case INSTALL_FAILED -> only(state, State.INSTALLING, to(State.DEAD));
      case FINISH -> only(state, State.SERVING, to(State.QUIESCING));
      case FINISH_OTHER -> only(state, State.SERVING, refused(Code.BINDING_MISMATCH));
      case FINISH_FENCED, REKEY_GRANT_OLD -> only(state, State.SERVING, refused(Code.FENCED));
      case DRAINED -> only(state, State.QUIESCING, to(State.LOCKED));
      case DRAIN_DEADLINE -> only(state, State.QUIESCING, to(State.SERVING));
      case SEAL -> only(state, State.LOCKED, to(State.LOCKED));
      case ABORT -> only(state, State.LOCKED, to(State.SERVING));
      case ABORT_OTHER -> only(state, State.LOCKED, refused(Code.FENCED));
      case CHECKPOINT, REKEY_GRANT -> only(state, State.SERVING, to(State.SERVING));
      case CHECKPOINT_ACK, RENEW ->
          switch (state) {
            case SERVING, QUIESCING -> to(state);
            case BORN, RESTORING, STANDBY, INSTALLING, LOCKED, DEAD -> wrong();
          };
      case PASSPORT, RETIRED ->
          switch (state) {
            case SERVING, QUIESCING, LOCKED -> to(state);
            case BORN, RESTORING, STANDBY, INSTALLING, DEAD -> wrong();
          };
      case FORK -> to(State.DEAD);
    };
  }

  private static Step only(State state, State from, Step step) {
    return state == from ? step : wrong();
  }

  private static Step to(State state) {
    return new Step.To(state);
  }

  private static Step refused(Code rule) {
    return new Step.Refused(rule);
  }

  private static Step wrong() {
    return refused(Code.WRONG_STATE);
  }
}
