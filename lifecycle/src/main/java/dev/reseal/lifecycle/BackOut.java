package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Event.FromAuthority;
import dev.reseal.lifecycle.Event.FromHost;
import dev.reseal.lifecycle.Event.FromInstance;
import dev.reseal.lifecycle.Event.FromOperator;
import dev.reseal.lifecycle.Situation.BackingOut;
import dev.reseal.lifecycle.Situation.Halted;
import dev.reseal.lifecycle.Situation.Idle;
import dev.reseal.lifecycle.Situation.Unborn;
import dev.reseal.wire.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The way back before the commit: the authority aborts, the old instance hears it and serves. */
final class BackOut {
  private final Limits limits;

  BackOut(Limits limits) {
    this.limits = limits;
  }

  /** Only while there is something to go back to: the old instance, or nothing for genesis. */
  boolean canAbort(Run run) {
    return abortable(run)
        && run.phase().before(Phase.COMMIT)
        && Phase.PERMIT.before(run.phase())
        && run.phase() != Phase.DESTROY;
  }

  private static boolean abortable(Run run) {
    return switch (run.kind()) {
      case RESEAL, UPGRADE, MIGRATE -> run.old().isPresent();
      case GENESIS -> true;
      case TAKEOVER, RECOVER, REKEY, ABORT, RETIRE, CLOSE, POLICY -> false;
    };
  }

  /** The answer to an operator where {@link #canAbort} does not hold. */
  static Effect refused(Run run, FromOperator wish) {
    String where = run.kind() + " is at " + run.phase();
    return abortable(run) && !Phase.PERMIT.before(run.phase())
        ? Lifecycle.blocked(
            wish,
            "TOO_EARLY",
            where + " and has touched nothing yet",
            "ask again in a moment; see reseal status")
        : Lifecycle.blocked(
            wish,
            "TOO_LATE",
            where + " and has no old instance to go back to",
            "it goes forward; see reseal status");
  }

  /** The supervisor's own wish; policy must list its key for aborts. */
  Decision begin(Run run, Cause cause) {
    return begin(run, cause, Optional.empty(), new Effect.Demand(Kind.ABORT));
  }

  Decision begin(Run run, Cause cause, Optional<Bytes> askedBy, Effect... orders) {
    return Decision.failing(cause.toString(), new BackingOut(run, cause, askedBy, false), orders);
  }

  /** The old instance serves already, and whoever is parked need not wait for the authority. */
  Decision beginServing(Run run, Cause cause) {
    Effect release = new Effect.Release(run.old().orElseThrow());
    return begin(run, cause, Optional.empty(), release, new Effect.Demand(Kind.ABORT));
  }

  Decision decide(BackingOut backing, Event event) {
    return switch (event) {
      case FromOperator wish ->
          Decision.to(
              backing,
              Lifecycle.blocked(wish, "BUSY", "an abort is under way", "wait for its end"));
      case FromAuthority answer -> answered(backing, answer);
      case FromInstance said -> said(backing, said);
      case Event.Elapsed(Alarm alarm, long turn)
          when alarm == Alarm.RESUMPTION && turn == backing.run().turn() ->
          Lifecycle.settle(over(backing));
      case FromHost _ -> Decision.to(backing);
    };
  }

  private Decision answered(BackingOut backing, FromAuthority answer) {
    Run run = backing.run();
    return switch (answer) {
      case Event.Answered(Call call, _, _, Bytes message)
          when call == Call.ABORT || call == Call.FETCH_ABORT ->
          run.old().isPresent()
              ? Decision.to(
                  new BackingOut(run, backing.cause(), backing.askedBy(), true),
                  new Effect.Advise(run.old().get(), Verb.ABORT, message),
                  new Effect.Wait(Alarm.RESUMPTION, limits.installMs(), run.turn()))
              : withoutOld(backing);
      case Event.Denied(Call call, Denial denial)
          when call == Call.ABORT || call == Call.FETCH_ABORT ->
          denied(backing, denial);
      case Event.Answered _, Event.Denied _, Event.Unanswered _ -> Decision.to(backing);
    };
  }

  /** Genesis goes back to nothing; any other operation without its old instance is recovered. */
  private Decision withoutOld(BackingOut backing) {
    List<Effect> effects = new ArrayList<>();
    backing.run().candidate().ifPresent(handle -> effects.add(new Effect.Destroy(handle)));
    effects.addAll(List.of(ended(backing)));
    if (backing.run().kind() == Kind.GENESIS) {
      return new Decision(new Unborn(), "", effects);
    }
    return Lifecycle.settle(effects.toArray(Effect[]::new));
  }

  /** An operator's abort that is refused changes nothing: the operation goes on where it was. */
  private Decision denied(BackingOut backing, Denial denial) {
    if (backing.askedBy().isPresent()) {
      return Lifecycle.settle(
          new Effect.Finish(backing.askedBy().get(), new Outcome.Refused(denial)));
    }
    return switch (denial.code()) {
      case WRONG_STATE, FENCED, UNAVAILABLE -> Lifecycle.settle(over(backing));
      case QUARANTINED -> Lifecycle.settle();
      case BUSY,
          OP_CONFLICT,
          LEASE_RUNNING,
          PERMIT_EXPIRED,
          NEED_APPROVAL,
          SLOW_DOWN,
          KEY_DESTROYED,
          STALE_SEALED_STATE,
          LINEAGE_MISMATCH,
          BINDING_MISMATCH,
          PLATFORM_REFUSED,
          MEASUREMENT_REFUSED,
          COLLATERAL_ROLLBACK,
          PLATFORM_KEY_CHANGED,
          SVN_DOWNGRADE,
          CORRUPT,
          RECOVERY_NEEDED,
          POLICY_REFUSED -> {
        Cause stuck =
            new Cause(
                denial.code() + "/" + denial.rule(),
                "the abort was refused (" + denial.detail() + ") after: " + backing.cause(),
                "an operator can: reseal abort");
        yield new Decision(
            new Halted(backing.run(), stuck), stuck.toString(), List.of(stopped(backing, stuck)));
      }
    };
  }

  private Decision said(BackingOut backing, FromInstance said) {
    if (!backing.run().isOld(said.handle())) {
      return Decision.to(backing);
    }
    return switch (said) {
      case Event.Serving _ -> serves(backing);
      case Event.AdviceRefused(_, String verb, _) ->
          backing.advised() && verb.equals(Verb.ABORT.word())
              ? resumed(backing)
              : Decision.to(backing);
      case Event.Entered(_, InstanceState state) ->
          switch (state) {
            case SERVING -> serves(backing);
            case DEAD -> Lifecycle.settle(new Effect.Destroy(said.handle()), over(backing));
            case SILENT, BORN, RESTORING, STANDBY, INSTALLING, QUIESCING, LOCKED ->
                Decision.to(backing);
          };
      case Event.Exited _ -> Lifecycle.settle(over(backing));
      case Event.Born _,
          Event.PlatformChecked _,
          Event.DrainDeadline _,
          Event.Sealed _,
          Event.GrantAsked _,
          Event.Ready _,
          Event.RestoreFailed _,
          Event.InstallFailed _,
          Event.Installed _,
          Event.Checkpointed _ ->
          Decision.to(backing);
    };
  }

  /** The operation ends with the abort, but clients need not wait for it. */
  private static Decision serves(BackingOut backing) {
    return backing.advised()
        ? resumed(backing)
        : Decision.to(backing, new Effect.Release(backing.run().old().orElseThrow()));
  }

  /** An instance that was never locked refuses the abort, and serves as well. */
  private static Decision resumed(BackingOut backing) {
    String old = backing.run().old().orElseThrow();
    List<Effect> effects = new ArrayList<>();
    effects.add(new Effect.Release(old));
    effects.addAll(List.of(ended(backing)));
    return new Decision(new Idle(old), "", effects);
  }

  private static Effect[] ended(BackingOut backing) {
    List<Effect> effects = new ArrayList<>();
    effects.add(new Effect.Finish(backing.run().opId(), new Outcome.Aborted(backing.cause())));
    backing.askedBy().ifPresent(op -> effects.add(new Effect.Finish(op, new Outcome.Done(""))));
    return effects.toArray(Effect[]::new);
  }

  private static Effect over(BackingOut backing) {
    return stopped(
        backing,
        new Cause(
            backing.cause().rule(),
            backing.cause().detail() + "; the old instance did not come back",
            "the supervisor recovers by itself: reseal status"));
  }

  private static Effect stopped(BackingOut backing, Cause cause) {
    return new Effect.Finish(
        backing.askedBy().orElse(backing.run().opId()), new Outcome.Stopped(cause));
  }
}
