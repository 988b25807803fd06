package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Event.FromInstance;
import dev.reseal.lifecycle.Situation.Halted;
import dev.reseal.lifecycle.Situation.Idle;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** From DESTROY to RETIRE: the old instance goes, candidates come until one is activated. */
final class Candidates {
  private final Limits limits;
  private final BackOut backOut;

  Candidates(Limits limits, BackOut backOut) {
    this.limits = limits;
    this.backOut = backOut;
  }

  Decision decide(Run run, Event event) {
    return switch (event) {
      case FromInstance said when run.isCandidate(said.handle()) -> candidateSaid(run, said);
      case FromInstance said when run.isOld(said.handle()) -> oldSaid(run, said);
      case Event.Born(String handle)
          when run.phase() == Phase.CREATE && run.candidate().isEmpty() ->
          attest(run.withCandidate(handle));
      case Event.FromAuthority answer -> answered(run, answer);
      case Event.FromHost happened -> happened(run, happened);
      case FromInstance _, Event.FromOperator _ -> Decision.to(run);
    };
  }

  /** From here on only forward: the registered container is the state. */
  Decision destroyOld(Run run) {
    if (run.old().isEmpty()) {
      return reclaim(run);
    }
    Run next = run.at(Phase.DESTROY);
    return Decision.to(next, new Effect.Destroy(next.old().orElseThrow()));
  }

  Decision create(Run run) {
    Run next = run.createdAgain().at(Phase.CREATE);
    return Decision.to(next, new Effect.Create(next.opId()));
  }

  Decision rekey(Run run, Bytes grant) {
    Run next = run.at(Phase.PROVISION);
    String active = next.old().orElseThrow();
    return Decision.to(
        next,
        new Effect.Advise(active, Verb.REKEY_GRANT, grant),
        new Effect.Advise(active, Verb.RENEW, Bytes.EMPTY),
        new Effect.Wait(Alarm.INSTALL, limits.installMs(), next.turn()));
  }

  Decision commit(Run run, Bytes ready) {
    Run next = run.storing(ready).at(Phase.COMMIT);
    return Decision.to(next, new Effect.Submit(Call.ACTIVATE, ready));
  }

  /** The head stays; a person must remove the cause. */
  Decision halt(Run run, Cause cause) {
    List<Effect> effects = new ArrayList<>();
    run.candidate().ifPresent(handle -> effects.add(new Effect.Destroy(handle)));
    effects.add(new Effect.Finish(run.opId(), new Outcome.Stopped(cause)));
    return new Decision(new Halted(run, cause), cause.toString(), effects);
  }

  private Decision reclaim(Run run) {
    Run next = run.at(Phase.RECLAIM);
    return Decision.to(next, new Effect.Reclaim());
  }

  private Decision attest(Run run) {
    Run next = run.at(Phase.ATTEST);
    List<Effect> effects = new ArrayList<>();
    if (next.kind() != Kind.GENESIS) {
      effects.add(new Effect.CheckPlatform(next.candidate().orElseThrow()));
    }
    effects.add(new Effect.Challenge(next.opId()));
    effects.add(new Effect.Wait(Alarm.EVIDENCE, limits.birthMs(), next.turn()));
    return new Decision(new Situation.Running(next), "", effects);
  }

  private Decision failed(Run run, String rule, String detail) {
    Run counted = run.failedBy(rule);
    if (counted.tries().same() >= Limits.CANDIDATES && run.kind() == Kind.GENESIS) {
      return backOut.begin(counted, new Cause(rule, detail, "nothing was born; run it again"));
    }
    if (counted.tries().same() >= Limits.CANDIDATES) {
      return halt(
          counted,
          new Cause(
              rule,
              counted.tries().same() + " candidates failed in " + run.phase() + ": " + detail,
              "the state is intact; remove the cause, then: reseal rotate --resume"));
    }
    List<Effect> effects = new ArrayList<>();
    Run next = counted;
    if (run.candidate().isPresent()) {
      effects.add(new Effect.Destroy(run.candidate().get()));
      next = counted.without(run.candidate().get());
    }
    Decision again = create(next);
    effects.addAll(again.effects());
    return new Decision(again.next(), rule + ": " + detail, effects);
  }

  private Decision oldSaid(Run run, FromInstance said) {
    boolean gone = said instanceof Event.Exited;
    if (run.kind() == Kind.REKEY) {
      return rekeySaid(run, said);
    }
    if (gone && run.phase() == Phase.DESTROY) {
      return reclaim(run.without(said.handle()));
    }
    return Decision.to(gone ? run.without(said.handle()) : run);
  }

  private Decision rekeySaid(Run run, FromInstance said) {
    return switch (said) {
      case Event.Installed _ -> retire(run.withCandidate(said.handle()), said.handle());
      case Event.InstallFailed(_, String detail) -> holdOver(run, "INSTALL_FAILED", detail);
      case Event.AdviceRefused(_, _, String rule) -> holdOver(run, rule, "rekey-grant refused");
      case Event.Exited _ ->
          Lifecycle.settle(
              new Effect.Park(), new Effect.Finish(run.opId(), new Outcome.Done("taking over")));
      case Event.Born _,
          Event.Entered _,
          Event.PlatformChecked _,
          Event.DrainDeadline _,
          Event.Sealed _,
          Event.GrantAsked _,
          Event.Ready _,
          Event.RestoreFailed _,
          Event.Serving _,
          Event.Checkpointed _ ->
          Decision.to(run);
    };
  }

  private Decision holdOver(Run run, String rule, String detail) {
    Cause cause =
        new Cause(rule, detail, "the old generation goes on until rekey_grace ends; repeat rotate");
    return Decision.failing(
        cause.toString(),
        new Idle(run.old().orElseThrow()),
        new Effect.Finish(run.opId(), new Outcome.HoldOver(cause)));
  }

  private Decision candidateSaid(Run run, FromInstance said) {
    return switch (said) {
      case Event.Born _ -> run.phase() == Phase.CREATE ? attest(run) : Decision.to(run);
      case Event.GrantAsked(_, Bytes message) ->
          run.phase() == Phase.ATTEST
              ? Decision.to(run.at(Phase.PROVISION), new Effect.Submit(Call.GRANT, message))
              : Decision.to(run);
      case Event.Ready ready -> run.phase() == Phase.RESTORE ? ready(run, ready) : Decision.to(run);
      case Event.PlatformChecked(_, boolean same) ->
          same || !run.phase().before(Phase.COMMIT)
              ? Decision.to(run)
              : failed(run, "PLATFORM_KEY_CHANGED", "no registered slot opens on this platform");
      case Event.RestoreFailed(_, String rule, String detail) -> failed(run, rule, detail);
      case Event.InstallFailed(_, String detail) -> installFailed(run, detail);
      case Event.Serving _ -> run.phase() == Phase.RESUME ? serving(run) : Decision.to(run);
      case Event.Checkpointed _ ->
          run.phase() == Phase.RETIRE
              ? Decision.to(run.at(Phase.RETIRE), new Effect.Demand(Kind.RETIRE))
              : Decision.to(run);
      case Event.AdviceRefused(_, String verb, String rule) ->
          counts(verb, rule) && run.phase().before(Phase.COMMIT)
              ? failed(run, rule, "the candidate refused '" + verb + "'")
              : Decision.to(run);
      case Event.Exited _ -> exited(run);
      case Event.Entered _, Event.DrainDeadline _, Event.Sealed _, Event.Installed _ ->
          Decision.to(run);
    };
  }

  /** Advice may arrive twice or late, which an instance answers with WRONG_STATE. */
  private static boolean counts(String verb, String rule) {
    return !rule.equals(Code.WRONG_STATE.name()) && !verb.equals(Verb.PLAT_CHECK.word());
  }

  private Decision exited(Run run) {
    return switch (run.phase()) {
      case CREATE, ATTEST, PROVISION, RESTORE ->
          failed(run, "EXITED", "the process ended in " + run.phase() + "; its log says why");
      case IDLE, PLAN, PREFLIGHT, PERMIT, QUIESCE, SNAPSHOT, PERSIST, DESTROY, RECLAIM ->
          Decision.to(run);
      case COMMIT -> Decision.to(run.without(run.candidate().orElseThrow()));
      case RESUME -> Lifecycle.settle();
      case RETIRE ->
          Lifecycle.settle(
              new Effect.Park(),
              new Effect.Finish(
                  run.opId(), new Outcome.Done("the new instance ended; taking over")));
    };
  }

  private Decision ready(Run run, Event.Ready ready) {
    if (ready.body().isEmpty()) {
      return commit(run, ready.message());
    }
    Run next =
        run.withBody(ready.body().get(), Optional.empty())
            .storing(ready.message())
            .at(Phase.COMMIT);
    return Decision.to(next, new Effect.Keep(ready.handle(), ready.body().get()));
  }

  private Decision installFailed(Run run, String detail) {
    return halt(
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

  private Decision retire(Run run, String handle) {
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
              ? retired(run, Optional.empty(), "retire is still to be done: " + detail)
              : Decision.to(run);
    };
  }

  private Decision proceed(Run run, Call call, Bytes message) {
    Optional<String> candidate = run.candidate();
    return switch (call) {
      case CHALLENGE ->
          run.phase() == Phase.ATTEST && candidate.isPresent()
              ? Decision.to(run, new Effect.Advise(candidate.get(), Verb.CHALLENGE, message))
              : Decision.to(run);
      case GRANT -> run.phase() == Phase.PROVISION ? granted(run, message) : Decision.to(run);
      case ACTIVATE -> run.phase() == Phase.COMMIT ? activated(run, message) : Decision.to(run);
      case FETCH_ACTIVATION ->
          run.phase() == Phase.RESUME ? activated(run, message) : Decision.to(run);
      case RETIRE ->
          run.phase() == Phase.RETIRE ? retired(run, Optional.of(message), "") : Decision.to(run);
      case BEGIN, REGISTER, ABORT, TAKEOVER, FETCH_ABORT -> Decision.to(run);
    };
  }

  private Decision granted(Run run, Bytes grant) {
    Run next = run.at(Phase.RESTORE);
    return Decision.to(
        next,
        new Effect.Advise(next.candidate().orElseThrow(), Verb.GRANT, grant),
        new Effect.Wait(Alarm.RESTORE, limits.restoreMs(), next.turn()));
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

  private Decision denied(Run run, Call call, Denial denial) {
    return switch (call) {
      case CHALLENGE ->
          run.phase() == Phase.ATTEST ? candidateRefused(run, denial) : Decision.to(run);
      case GRANT ->
          run.phase() == Phase.PROVISION ? candidateRefused(run, denial) : Decision.to(run);
      case ACTIVATE ->
          run.phase() == Phase.COMMIT ? candidateRefused(run, denial) : Decision.to(run);
      case FETCH_ACTIVATION -> Lifecycle.settle();
      case RETIRE ->
          run.phase() == Phase.RETIRE
              ? retired(run, Optional.empty(), "not retired: " + denial.cause())
              : Decision.to(run);
      case BEGIN, REGISTER, ABORT, TAKEOVER, FETCH_ABORT -> Decision.to(run);
    };
  }

  private Decision candidateRefused(Run run, Denial denial) {
    if (denial.code() == Code.FENCED || denial.code() == Code.WRONG_STATE) {
      return Lifecycle.settle();
    }
    if (denial.code() == Code.SLOW_DOWN) {
      Run next = run.at(Phase.ATTEST);
      return Decision.to(
          next, new Effect.Wait(Alarm.BACK_OFF, Math.max(1, denial.number()), next.turn()));
    }
    return failed(run, denial.code() + "/" + denial.rule(), denial.detail());
  }

  private Decision happened(Run run, Event.FromHost happened) {
    return switch (happened) {
      case Event.Destroyed(String handle) ->
          run.phase() == Phase.DESTROY && run.isOld(handle)
              ? reclaim(run.without(handle))
              : Decision.to(run);
      case Event.Reclaimed _ -> run.phase() == Phase.RECLAIM ? create(run) : Decision.to(run);
      case Event.Created(String handle) ->
          run.phase() == Phase.CREATE && run.candidate().isEmpty()
              ? Decision.to(
                  run.withCandidate(handle),
                  new Effect.Wait(Alarm.BIRTH, limits.birthMs(), run.turn()))
              : Decision.to(run);
      case Event.NotCreated(boolean pressure, Cause cause) ->
          run.phase() == Phase.CREATE ? notCreated(run, pressure, cause) : Decision.to(run);
      case Event.Kept(Bytes body) ->
          run.phase() == Phase.COMMIT && run.body().equals(Optional.of(body))
              ? Decision.to(run, new Effect.Submit(Call.ACTIVATE, run.stored().orElseThrow()))
              : Decision.to(run);
      case Event.NotKept(Cause cause) ->
          run.phase() == Phase.COMMIT
              ? failed(run, cause.rule(), cause.detail())
              : Decision.to(run);
      case Event.Elapsed(Alarm alarm, long turn) ->
          turn == run.turn() && awaits(run, alarm) ? elapsed(run, alarm) : Decision.to(run);
      case Event.Fit _, Event.Unfit _, Event.Surveyed _ -> Decision.to(run);
    };
  }

  private Decision notCreated(Run run, boolean pressure, Cause cause) {
    if (!pressure) {
      return failed(run, cause.rule(), cause.detail());
    }
    if (run.tries().creates() >= Limits.CREATES) {
      return halt(run, cause);
    }
    Run next = run.at(Phase.CREATE);
    long ms = limits.backOffMs() << Math.min(run.tries().creates() - 1, 5);
    return Decision.failing(
        cause.toString(),
        new Situation.Running(next),
        new Effect.Wait(Alarm.BACK_OFF, ms, next.turn()));
  }

  private static boolean awaits(Run run, Alarm alarm) {
    return switch (alarm) {
      case BACK_OFF -> run.phase() == Phase.CREATE || run.phase() == Phase.ATTEST;
      case BIRTH -> run.phase() == Phase.CREATE;
      case EVIDENCE -> run.phase() == Phase.ATTEST;
      case RESTORE -> run.phase() == Phase.RESTORE;
      case INSTALL -> run.phase() == Phase.RESUME || run.phase() == Phase.PROVISION;
      case CHECKPOINT -> run.phase() == Phase.RETIRE;
      case DRAIN, SEAL, RECLAIM, LEASE, RESUMPTION -> false;
    };
  }

  private Decision elapsed(Run run, Alarm alarm) {
    return switch (alarm) {
      case BACK_OFF ->
          run.phase() == Phase.ATTEST
              ? Decision.to(run, new Effect.Challenge(run.opId()))
              : create(run);
      case BIRTH ->
          failed(
              run,
              "NEVER_CONNECTED",
              "the application made no call within " + limits.birthMs() + " ms");
      case EVIDENCE -> failed(run, "NO_EVIDENCE", "no evidence within " + limits.birthMs() + " ms");
      case RESTORE ->
          failed(run, "RESTORE_DEADLINE", "not ready within " + limits.restoreMs() + " ms");
      case INSTALL ->
          run.kind() == Kind.REKEY
              ? holdOver(run, "INSTALL_DEADLINE", "the generation was not installed in time")
              : installFailed(run, "not serving within " + limits.installMs() + " ms");
      case CHECKPOINT ->
          retired(run, Optional.empty(), "no checkpoint of the new instance yet; nothing retired");
      case DRAIN, SEAL, RECLAIM, LEASE, RESUMPTION -> Decision.to(run);
    };
  }
}
