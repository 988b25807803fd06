package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Event.FromInstance;
import dev.reseal.lifecycle.Situation.Idle;
import dev.reseal.wire.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** COMMIT, RESUME, RETIRE: one candidate becomes the instance, and what it replaced goes. */
final class Commit {
  private final Limits limits;
  private final Candidates candidates;

  Commit(Limits limits, Candidates candidates) {
    this.limits = limits;
    this.candidates = candidates;
  }

  /** Genesis makes its first container durable before the authority hears of it. */
  static Decision ready(Run run, Event.Ready ready) {
    if (ready.body().isEmpty()) {
      return submit(run, ready.message());
    }
    Run next =
        run.withBody(ready.body().get(), Optional.empty())
            .storing(ready.message())
            .at(Phase.COMMIT);
    return Decision.to(next, new Effect.Keep(ready.handle(), ready.body().get()));
  }

  static Decision submit(Run run, Bytes ready) {
    Run next = run.storing(ready).at(Phase.COMMIT);
    return Decision.to(next, new Effect.Submit(Call.ACTIVATE, ready));
  }

  Decision decide(Run run, Event event) {
    return switch (event) {
      case FromInstance said when run.isCandidate(said.handle()) -> candidateSaid(run, said);
      case Event.FromAuthority answer -> answered(run, answer);
      case Event.FromHost happened -> happened(run, happened);
      case FromInstance _, Event.FromOperator _ -> Decision.to(run);
    };
  }

  private Decision candidateSaid(Run run, FromInstance said) {
    return switch (said) {
      case Event.Serving _ -> run.phase() == Phase.RESUME ? serving(run) : Decision.to(run);
      case Event.InstallFailed(_, String detail) -> installFailed(run, detail);
      case Event.Checkpointed _ ->
          run.phase() == Phase.RETIRE && run.kind() != Kind.RETIRE
              ? Decision.to(run.at(Phase.RETIRE), new Effect.Demand(Kind.RETIRE))
              : Decision.to(run); // an operator's own retire is on its way
      case Event.Exited _ -> exited(run);
      case Event.AdviceRefused(_, String verb, _) ->
          run.phase() == Phase.RESUME && verb.equals(Verb.ACTIVATION.word())
              ? Lifecycle.settle()
              : Decision.to(run);
      case Event.Born _,
          Event.Entered _,
          Event.PlatformChecked _,
          Event.DrainDeadline _,
          Event.Sealed _,
          Event.GrantAsked _,
          Event.Ready _,
          Event.RestoreFailed _,
          Event.Installed _ ->
          Decision.to(run);
    };
  }

  /** Before the answer it is unknown whether the commit happened; afterwards it has. */
  private Decision exited(Run run) {
    if (run.phase() == Phase.COMMIT) {
      return Decision.to(run.without(run.candidate().orElseThrow()));
    }
    if (run.phase() == Phase.RESUME) {
      return Lifecycle.settle();
    }
    Outcome outcome =
        run.kind() == Kind.RETIRE
            ? new Outcome.Blocked(
                new Cause(
                    "INSTANCE_DIED",
                    "the active instance ended, and whether its old keys were retired is not known",
                    "the supervisor takes over by itself; ask again when it serves"))
            : new Outcome.TakingOver("the new instance ended");
    return Lifecycle.settle(new Effect.Park(), new Effect.Finish(run.opId(), outcome));
  }

  private Decision installFailed(Run run, String detail) {
    return candidates.halt(
        run,
        new Cause(
            "INSTALL_FAILED",
            "on_key failed after the commit: " + detail,
            "the state is intact; reseal rotate --mode rekey makes another generation, then"
                + " --resume"));
  }

  private Decision serving(Run run) {
    String handle = run.candidate().orElseThrow();
    if (run.kind() == Kind.GENESIS) {
      return Decision.to(
          new Idle(handle),
          new Effect.Release(handle),
          new Effect.Finish(run.opId(), new Outcome.Done("")));
    }
    Decision retiring = retire(run, handle);
    List<Effect> effects = new ArrayList<>();
    effects.add(new Effect.Release(handle));
    effects.addAll(retiring.effects());
    return new Decision(retiring.next(), "", effects);
  }

  /** The successor's first checkpoint is what allows the old keys to be destroyed. */
  Decision retire(Run run, String handle) {
    Run next = run.at(Phase.RETIRE);
    return Decision.to(
        next,
        new Effect.Advise(handle, Verb.CHECKPOINT, Bytes.EMPTY),
        new Effect.Wait(Alarm.CHECKPOINT, limits.sealMs(), next.turn()));
  }

  private Decision answered(Run run, Event.FromAuthority answer) {
    return switch (answer) {
      case Event.Answered(Call call, _, _, Bytes message) -> proceed(run, call, message);
      case Event.Denied(Call call, Denial denial) -> denied(run, call, denial);
      case Event.Unanswered(Call call, String detail) ->
          call == Call.RETIRE && run.phase() == Phase.RETIRE
              ? unretired(run, detail)
              : Decision.to(run);
    };
  }

  private Decision proceed(Run run, Call call, Bytes message) {
    return switch (call) {
      case ACTIVATE -> run.phase() == Phase.COMMIT ? activated(run, message) : Decision.to(run);
      case FETCH_ACTIVATION ->
          run.phase() == Phase.RESUME ? activated(run, message) : Decision.to(run);
      case RETIRE ->
          run.phase() == Phase.RETIRE ? retired(run, Optional.of(message), "") : Decision.to(run);
      case BEGIN, REGISTER, CHALLENGE, GRANT, ABORT, TAKEOVER, FETCH_ABORT -> Decision.to(run);
    };
  }

  /** The commit has happened; if the candidate died meanwhile, it is taken over from. */
  private Decision activated(Run run, Bytes activation) {
    if (run.candidate().isEmpty()) {
      return Lifecycle.settle();
    }
    Run next = run.at(Phase.RESUME);
    return Decision.to(
        next,
        new Effect.Advise(next.candidate().orElseThrow(), Verb.ACTIVATION, activation),
        new Effect.Wait(Alarm.INSTALL, limits.installMs(), next.turn()));
  }

  private Decision retired(Run run, Optional<Bytes> message, String note) {
    String active = run.candidate().orElseThrow();
    List<Effect> effects = new ArrayList<>();
    message
        .filter(m -> m.size() > 0)
        .ifPresent(m -> effects.add(new Effect.Advise(active, Verb.RETIRED, m)));
    effects.add(new Effect.Tidy());
    effects.add(new Effect.Finish(run.opId(), new Outcome.Done(note)));
    return new Decision(new Idle(active), note, effects);
  }

  private static Decision unretired(Run run, String silence) {
    String note = "retire is still to be done: " + silence;
    Cause cause =
        new Cause("AUTHORITY_UNREACHABLE", note, "see that the authority runs, then ask again");
    return ended(run, note, new Outcome.Blocked(cause));
  }

  private static Decision unretired(Run run, Denial denial) {
    return ended(run, "not retired: " + denial.cause(), new Outcome.Refused(denial));
  }

  /** Nothing was destroyed: after another operation a remark, else the end of what was asked. */
  private static Decision ended(Run run, String note, Outcome asked) {
    Outcome outcome = run.kind() == Kind.RETIRE ? asked : new Outcome.Done(note);
    return Decision.failing(
        note,
        new Idle(run.candidate().orElseThrow()),
        new Effect.Tidy(),
        new Effect.Finish(run.opId(), outcome));
  }

  private Decision denied(Run run, Call call, Denial denial) {
    return switch (call) {
      case ACTIVATE ->
          run.phase() == Phase.COMMIT ? candidates.refused(run, denial) : Decision.to(run);
      case FETCH_ACTIVATION -> Lifecycle.settle();
      case RETIRE -> run.phase() == Phase.RETIRE ? unretired(run, denial) : Decision.to(run);
      case BEGIN, REGISTER, CHALLENGE, GRANT, ABORT, TAKEOVER, FETCH_ABORT -> Decision.to(run);
    };
  }

  private Decision happened(Run run, Event.FromHost happened) {
    return switch (happened) {
      case Event.Kept(Bytes body) ->
          run.phase() == Phase.COMMIT && run.body().equals(Optional.of(body))
              ? Decision.to(run, new Effect.Submit(Call.ACTIVATE, run.stored().orElseThrow()))
              : Decision.to(run);
      case Event.NotKept(Cause cause) ->
          run.phase() == Phase.COMMIT
              ? candidates.failed(run, cause.rule(), cause.detail())
              : Decision.to(run);
      case Event.Elapsed(Alarm alarm, long turn) ->
          turn == run.turn() ? elapsed(run, alarm) : Decision.to(run);
      case Event.Fit _,
          Event.Unfit _,
          Event.Destroyed _,
          Event.Reclaimed _,
          Event.Created _,
          Event.NotCreated _,
          Event.Surveyed _ ->
          Decision.to(run);
    };
  }

  private Decision elapsed(Run run, Alarm alarm) {
    if (alarm == Alarm.INSTALL && run.phase() == Phase.RESUME) {
      return installFailed(run, "not serving within " + limits.installMs() + " ms");
    }
    return alarm == Alarm.CHECKPOINT && run.phase() == Phase.RETIRE
        ? retired(run, Optional.empty(), "no checkpoint of the new instance yet; nothing retired")
        : Decision.to(run);
  }
}
