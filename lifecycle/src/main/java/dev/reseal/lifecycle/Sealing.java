package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Event.FromInstance;
import dev.reseal.wire.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * QUIESCE to PERSIST: the old instance drains, locks and seals, and its container is registered.
 */
final class Sealing {
  private static final String DRAIN_DEADLINE = "DRAIN_DEADLINE";

  private final Limits limits;
  private final BackOut backOut;
  private final Candidates candidates;

  Sealing(Limits limits, BackOut backOut, Candidates candidates) {
    this.limits = limits;
    this.backOut = backOut;
    this.candidates = candidates;
  }

  Decision decide(Run run, Event event) {
    return switch (run.phase()) {
      case QUIESCE -> quiesce(run, event);
      case SNAPSHOT -> snapshot(run, event);
      case PERSIST -> persist(run, event);
      case IDLE,
          PLAN,
          PREFLIGHT,
          PERMIT,
          DESTROY,
          RECLAIM,
          CREATE,
          ATTEST,
          PROVISION,
          RESTORE,
          COMMIT,
          RESUME,
          RETIRE ->
          throw new IllegalStateException("nothing is sealed in " + run.phase());
    };
  }

  /** QUIESCE under the ticket in {@code stored}. */
  Decision finishOld(Run run) {
    Run next = run.at(Phase.QUIESCE);
    return Decision.to(
        next,
        new Effect.Park(),
        new Effect.Advise(next.old().orElseThrow(), Verb.FINISH, next.stored().orElseThrow()),
        new Effect.Wait(Alarm.DRAIN, limits.drainMs(), next.turn()));
  }

  /** The old instance, before its state was registered. */
  static Decision died(Run run) {
    return Lifecycle.settle(
        new Effect.Park(),
        new Effect.Finish(
            run.opId(),
            new Outcome.Stopped(
                new Cause(
                    "INSTANCE_DIED",
                    "the active instance ended in " + run.phase(),
                    "the supervisor takes over by itself: reseal status"))));
  }

  private static Cause undrained(String rule) {
    return rule.equals(DRAIN_DEADLINE)
        ? new Cause(
            rule,
            "requests in flight did not end before the application's deadline",
            "raise the deadline of on_quiesce, or find the request that never ends")
        : new Cause(
            rule,
            "the application failed while it drained",
            "its log says where; it serves on, so mend it at leisure and ask again");
  }

  private Decision quiesce(Run run, Event event) {
    return switch (event) {
      case FromInstance said when run.isOld(said.handle()) -> oldSaid(run, said);
      case Event.Elapsed(Alarm alarm, long turn) when alarm == Alarm.DRAIN && turn == run.turn() ->
          backOut.begin(
              run,
              new Cause(
                  DRAIN_DEADLINE,
                  "the instance did not lock within " + limits.drainMs() + " ms",
                  "look at its log, then ask again"));
      case Event.FromOperator _, FromInstance _, Event.FromAuthority _, Event.FromHost _ ->
          Decision.to(run);
    };
  }

  private Decision snapshot(Run run, Event event) {
    return switch (event) {
      case FromInstance said when run.isOld(said.handle()) -> oldSaid(run, said);
      case Event.Elapsed(Alarm alarm, long turn) when alarm == Alarm.SEAL && turn == run.turn() ->
          sealAgain(
              run,
              new Cause("SEAL_DEADLINE", "no container within " + limits.sealMs() + " ms", ""));
      case Event.FromOperator _, FromInstance _, Event.FromAuthority _, Event.FromHost _ ->
          Decision.to(run);
    };
  }

  private Decision oldSaid(Run run, FromInstance said) {
    return switch (said) {
      case Event.Entered(_, InstanceState state) ->
          switch (state) {
            case LOCKED -> run.phase() == Phase.QUIESCE ? locked(run) : Decision.to(run);
            case DEAD -> {
              List<Effect> effects = new ArrayList<>();
              effects.add(new Effect.Destroy(said.handle()));
              effects.addAll(died(run).effects());
              yield new Decision(new Situation.Unsettled(false), "instance dead", effects);
            }
            case SILENT, BORN, RESTORING, STANDBY, INSTALLING, SERVING, QUIESCING ->
                Decision.to(run);
          };
      case Event.Sealed(String handle, Bytes body, Bytes receipt) -> {
        Run next = run.withBody(body, Optional.of(receipt)).at(Phase.PERSIST);
        yield Decision.to(next, new Effect.Keep(handle, body));
      }
      case Event.DrainDeadline(_, String rule) -> backOut.beginServing(run, undrained(rule));
      case Event.AdviceRefused(_, String verb, String rule) ->
          rule.equals(Code.WRONG_STATE.name()) || !verb.equals(Verb.FINISH.word())
              ? Decision.to(run)
              : backOut.begin(run, new Cause(rule, "the instance refused '" + verb + "'", ""));
      case Event.Exited _ -> died(run);
      case Event.Born _,
          Event.PlatformChecked _,
          Event.GrantAsked _,
          Event.Ready _,
          Event.RestoreFailed _,
          Event.InstallFailed _,
          Event.Serving _,
          Event.Installed _,
          Event.Checkpointed _ ->
          Decision.to(run);
    };
  }

  private Decision locked(Run run) {
    Run next = run.at(Phase.SNAPSHOT);
    return Decision.to(next, new Effect.Wait(Alarm.SEAL, limits.sealMs(), next.turn()));
  }

  /** A fresh container from the locked instance; a torn one is never mended. */
  Decision sealAgain(Run run, Cause cause) {
    if (run.tries().seals() + 1 >= Limits.SEALS) {
      return backOut.begin(run, cause);
    }
    Run next = run.sealedAgain().at(Phase.SNAPSHOT);
    return Decision.failing(
        cause.toString(),
        new Situation.Running(next),
        new Effect.Advise(next.old().orElseThrow(), Verb.SEAL, Bytes.EMPTY),
        new Effect.Wait(Alarm.SEAL, limits.sealMs(), next.turn()));
  }

  private Decision persist(Run run, Event event) {
    return switch (event) {
      case Event.Kept(Bytes body) when run.body().equals(Optional.of(body)) ->
          Decision.to(run, register(run));
      case Event.NotKept(Cause cause) ->
          run.old().isPresent() ? sealAgain(run, cause) : Lifecycle.settle();
      case Event.Answered(Call call, _, _, _) when call == Call.REGISTER ->
          candidates.destroyOld(run);
      case Event.Denied(Call call, Denial denial) when call == Call.REGISTER ->
          run.old().isPresent() && denial.code() != Code.QUARANTINED
              ? backOut.begin(run, denial.cause())
              : Lifecycle.settle();
      case Event.Exited(String handle) when run.isOld(handle) -> Decision.to(run.without(handle));
      case Event.FromOperator _, FromInstance _, Event.FromAuthority _, Event.FromHost _ ->
          Decision.to(run);
    };
  }

  Effect register(Run run) {
    return new Effect.Submit(Call.REGISTER, run.receipt().orElseThrow());
  }
}
