package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Kind;
import java.util.Optional;

/** What happened. Whatever arrives late or twice is told apart by handle, call or turn. */
public sealed interface Event {

  /** An operator's wish, its signature already checked. */
  sealed interface FromOperator extends Event {}

  record Asked(Kind kind, Bytes opId, Bytes request) implements FromOperator {}

  /** Go on with an operation that stopped. */
  record ResumeAsked(Bytes opId) implements FromOperator {}

  /** From an instance, named by the supervisor's handle. */
  sealed interface FromInstance extends Event {
    String handle();
  }

  record Born(String handle) implements FromInstance {}

  /** A state of protocol 8 that the instance announced. */
  record Entered(String handle, InstanceState state) implements FromInstance {}

  record PlatformChecked(String handle, boolean same) implements FromInstance {}

  /** It serves again. {@code rule}: {@code DRAIN_DEADLINE}, or what else kept it from draining. */
  record DrainDeadline(String handle, String rule) implements FromInstance {}

  /** A container lies complete beside its receipt. */
  record Sealed(String handle, Bytes body, Bytes receipt) implements FromInstance {}

  record GrantAsked(String handle, Bytes message) implements FromInstance {}

  /** {@code body} is the first container, genesis only. */
  record Ready(String handle, Optional<Bytes> body, Bytes message) implements FromInstance {}

  record RestoreFailed(String handle, String rule, String detail) implements FromInstance {}

  record InstallFailed(String handle, String detail) implements FromInstance {}

  record Serving(String handle, int port) implements FromInstance {}

  /** A renewal named the newest key generation that is installed. */
  record Installed(String handle, long gen) implements FromInstance {}

  /** Its checkpoint is the head. */
  record Checkpointed(String handle, Bytes body) implements FromInstance {}

  record AdviceRefused(String handle, String verb, String rule) implements FromInstance {}

  record Exited(String handle) implements FromInstance {}

  sealed interface FromAuthority extends Event {
    Call call();
  }

  /** {@code fence} is that of the operation that the answer belongs to. */
  record Answered(Call call, Bytes opId, long fence, Bytes message) implements FromAuthority {}

  record Denied(Call call, Denial denial) implements FromAuthority {}

  /** The authority stayed silent for as long as the call may last. */
  record Unanswered(Call call, String detail) implements FromAuthority {}

  sealed interface FromHost extends Event {}

  record Fit() implements FromHost {}

  record Unfit(Cause cause) implements FromHost {}

  record Kept(Bytes body) implements FromHost {}

  record NotKept(Cause cause) implements FromHost {}

  record Destroyed(String handle) implements FromHost {}

  /** {@code warning} is empty when the pages are back. */
  record Reclaimed(String warning) implements FromHost {}

  record Created(String handle) implements FromHost {}

  /** {@code pressure}: EPC, so that waiting helps. */
  record NotCreated(boolean pressure, Cause cause) implements FromHost {}

  record Elapsed(Alarm alarm, long turn) implements FromHost {}

  record Surveyed(View view, Facts facts) implements FromHost {}
}
