package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Event.Asked;
import dev.reseal.lifecycle.Event.FromAuthority;
import dev.reseal.lifecycle.Event.FromHost;
import dev.reseal.lifecycle.Event.FromInstance;
import dev.reseal.lifecycle.Event.FromOperator;
import dev.reseal.lifecycle.Situation.Aside;
import dev.reseal.lifecycle.Situation.BackingOut;
import dev.reseal.lifecycle.Situation.Halted;
import dev.reseal.lifecycle.Situation.Idle;
import dev.reseal.lifecycle.Situation.Running;
import dev.reseal.lifecycle.Situation.Unborn;
import dev.reseal.lifecycle.Situation.Unsettled;
import dev.reseal.wire.Kind;
import java.util.List;
import java.util.Optional;

/**
 * What a supervisor does next: a pure function of where it stands and what happened (protocol 9.1,
 * 13). It has no power over the state: whatever it decides, instances and authority check for
 * themselves.
 */
public final class Lifecycle {
  private final Sequential sequential;
  private final BackOut backOut;
  private final Recovery recovery;

  public Lifecycle(Limits limits) {
    this.backOut = new BackOut(limits);
    this.sequential = new Sequential(limits, backOut);
    this.recovery = new Recovery(limits, sequential, backOut);
  }

  /** Where every supervisor begins. */
  public Decision start() {
    return settle();
  }

  public Decision decide(Situation situation, Event event) {
    return switch (situation) {
      case Unsettled unsettled -> unsettled(unsettled, event);
      case Unborn unborn -> unborn(unborn, event);
      case Idle idle -> idle(idle, event);
      case Running(Run run) ->
          event instanceof FromOperator wish
              ? whileRunning(run, wish)
              : sequential.decide(run, event);
      case BackingOut backing -> backOut.decide(backing, event);
      case Halted halted -> halted(halted, event);
      case Aside aside -> aside(aside, event);
    };
  }

  static Decision settle(Effect... before) {
    List<Effect> effects = new java.util.ArrayList<>(List.of(before));
    effects.add(new Effect.Survey(0));
    return new Decision(new Unsettled(false), "", effects);
  }

  static Effect blocked(FromOperator wish, String rule, String detail, String next) {
    Bytes opId =
        switch (wish) {
          case Asked asked -> asked.opId();
          case Event.ResumeAsked resume -> resume.opId();
        };
    return new Effect.Finish(opId, new Outcome.Blocked(new Cause(rule, detail, next)));
  }

  private Decision unsettled(Unsettled unsettled, Event event) {
    return switch (event) {
      case Event.Surveyed(View view, Facts facts) ->
          recovery.decide(view, facts, unsettled.resumed());
      case FromOperator wish ->
          Decision.to(
              unsettled,
              blocked(
                  wish,
                  "UNSETTLED",
                  "the supervisor is still comparing itself with the authority",
                  "ask again in a moment"));
      case FromInstance _, FromAuthority _, FromHost _ -> Decision.to(unsettled);
    };
  }

  private Decision unborn(Unborn unborn, Event event) {
    return switch (event) {
      case Asked(Kind kind, Bytes opId, Bytes request) when kind == Kind.GENESIS ->
          begin(Run.of(kind, opId, Phase.PREFLIGHT, Optional.empty()).storing(request));
      case FromOperator wish ->
          Decision.to(
              unborn, blocked(wish, "UNBORN", "the lineage has no instance yet", "reseal run"));
      case FromInstance _, FromAuthority _, FromHost _ -> Decision.to(unborn);
    };
  }

  private Decision idle(Idle idle, Event event) {
    return switch (event) {
      case FromOperator wish -> whileIdle(idle, wish);
      case FromInstance said ->
          idle.active().equals(said.handle()) ? activeSaid(idle, said) : Decision.to(idle);
      case FromAuthority _, FromHost _ -> Decision.to(idle);
    };
  }

  private Decision whileIdle(Idle idle, FromOperator wish) {
    return switch (wish) {
      case Event.ResumeAsked _ ->
          Decision.to(idle, blocked(wish, "NOTHING_STOPPED", "no operation has stopped", ""));
      case Asked(Kind kind, Bytes opId, Bytes request) ->
          switch (kind) {
            case RESEAL, REKEY ->
                begin(
                    Run.of(kind, opId, Phase.PREFLIGHT, Optional.of(idle.active()))
                        .storing(request));
            case RETIRE ->
                Decision.to(
                    Run.of(kind, opId, Phase.RETIRE, Optional.empty()).withCandidate(idle.active()),
                    new Effect.Submit(Call.RETIRE, request));
            case ABORT ->
                Decision.to(
                    idle, blocked(wish, "NOTHING_TO_ABORT", "no operation is under way", ""));
            case TAKEOVER, RECOVER ->
                Decision.to(
                    idle,
                    blocked(
                        wish,
                        "ACTIVE_SERVES",
                        "the active instance is alive",
                        "reseal rotate replaces it without loss; to give it up, end its process"));
            case GENESIS, UPGRADE, MIGRATE, CLOSE, POLICY ->
                Decision.to(
                    idle,
                    blocked(
                        wish, "WRONG_STATE", "a supervisor with an instance has no " + kind, ""));
          };
    };
  }

  private Decision activeSaid(Idle idle, FromInstance said) {
    return switch (said) {
      case Event.Exited _ -> settle(new Effect.Park());
      case Event.Serving _ -> Decision.to(idle, new Effect.Release(idle.active()));
      case Event.Entered(_, InstanceState state) ->
          switch (state) {
            case DEAD -> settle(new Effect.Park(), new Effect.Destroy(idle.active()));
            case LOCKED -> settle(new Effect.Park());
            case SILENT, BORN, RESTORING, STANDBY, INSTALLING, SERVING, QUIESCING ->
                Decision.to(idle);
          };
      case Event.Born _,
          Event.PlatformChecked _,
          Event.DrainDeadline _,
          Event.Sealed _,
          Event.GrantAsked _,
          Event.Ready _,
          Event.RestoreFailed _,
          Event.InstallFailed _,
          Event.Installed _,
          Event.Checkpointed _,
          Event.AdviceRefused _ ->
          Decision.to(idle);
    };
  }

  private Decision begin(Run run) {
    return Decision.to(run, new Effect.Inspect(run.kind()));
  }

  private Decision whileRunning(Run run, FromOperator wish) {
    if (wish instanceof Asked(Kind kind, Bytes opId, Bytes request) && kind == Kind.ABORT) {
      return backOut.canAbort(run)
          ? backOut.begin(
              run,
              new Cause("ABORTED", "an operator asked for it", ""),
              Optional.of(opId),
              new Effect.Submit(Call.ABORT, request))
          : Decision.to(run, BackOut.refused(run, wish));
    }
    return Decision.to(
        run,
        blocked(
            wish,
            "BUSY",
            run.kind() + " " + run.opId() + " is at " + run.phase(),
            "wait for it, or reseal abort"));
  }

  private Decision halted(Halted halted, Event event) {
    return switch (event) {
      case Event.ResumeAsked _ ->
          new Decision(new Unsettled(true), "", List.of(new Effect.Survey(0)));
      case Asked(Kind kind, Bytes opId, Bytes request) ->
          switch (kind) {
            case TAKEOVER, RECOVER, REKEY ->
                Decision.to(
                    Run.of(kind, opId, Phase.PERMIT, Optional.empty()).storing(request),
                    new Effect.Submit(Call.BEGIN, request));
            case ABORT ->
                backOut.begin(
                    halted.run(),
                    halted.cause(),
                    Optional.of(opId),
                    new Effect.Submit(Call.ABORT, request));
            case GENESIS, RESEAL, UPGRADE, MIGRATE, RETIRE, CLOSE, POLICY ->
                Decision.to(
                    halted,
                    blocked(
                        (Asked) event,
                        "STOPPED",
                        halted.cause().toString(),
                        "reseal rotate --resume goes on once the cause is gone"));
          };
      case FromInstance said when halted.run().isOld(said.handle()) && serves(said) ->
          Decision.to(halted, new Effect.Release(said.handle()));
      case FromInstance _, FromAuthority _, FromHost _ -> Decision.to(halted);
    };
  }

  private static boolean serves(FromInstance said) {
    return said instanceof Event.Serving
        || (said instanceof Event.Entered(_, InstanceState state)
            && state == InstanceState.SERVING);
  }

  private Decision aside(Aside aside, Event event) {
    return switch (event) {
      case Event.Surveyed(View view, Facts facts) -> recovery.decide(view, facts, false);
      case FromOperator wish ->
          Decision.to(
              aside, blocked(wish, aside.cause().rule(), aside.cause().detail(), "reseal status"));
      case FromInstance _, FromAuthority _, FromHost _ -> Decision.to(aside);
    };
  }
}
