package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Event.FromInstance;
import dev.reseal.lifecycle.Situation.Halted;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import java.util.ArrayList;
import java.util.List;

/** From DESTROY to RESTORE: the old instance goes, candidates come until one is ready. */
final class Candidates {
  /** The rule by which evidence is refused whose challenge is not known (any more). */
  private static final String NONCE = "NONCE";

  private final Limits limits;
  private final BackOut backOut;

  Candidates(Limits limits, BackOut backOut) {
    this.limits = limits;
    this.backOut = backOut;
  }

  Decision decide(Run run, Event event) {
    return switch (event) {
      case FromInstance said when run.isCandidate(said.handle()) -> candidateSaid(run, said);
      case Event.Exited(String handle) when run.isOld(handle) -> oldGone(run, handle);
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
    effects.add(new Effect.Challenge(next.opId()));
    if (next.kind() != Kind.GENESIS && next.kind() != Kind.RESEAL) {
      // Second: there is time for it while evidence is judged. Before a re-seal the old one looked.
      effects.add(new Effect.CheckPlatform(next.candidate().orElseThrow()));
    }
    effects.add(new Effect.Wait(Alarm.EVIDENCE, limits.birthMs(), next.turn()));
    return new Decision(new Situation.Running(next), "", effects);
  }

  /** Another candidate, or after three failures with one cause the end of trying. */
  Decision failed(Run run, String rule, String detail) {
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

  private Decision oldGone(Run run, String handle) {
    return run.phase() == Phase.DESTROY
        ? reclaim(run.without(handle))
        : Decision.to(run.without(handle));
  }

  private Decision candidateSaid(Run run, FromInstance said) {
    return switch (said) {
      case Event.Born _ -> run.phase() == Phase.CREATE ? attest(run) : Decision.to(run);
      case Event.GrantAsked(_, Bytes message) ->
          attests(run)
              ? Decision.to(run.at(Phase.PROVISION), new Effect.Submit(Call.GRANT, message))
              : Decision.to(run);
      case Event.Ready ready ->
          run.phase() == Phase.RESTORE ? Commit.ready(run, ready) : Decision.to(run);
      case Event.PlatformChecked(_, boolean same) ->
          same
              ? Decision.to(run)
              : failed(run, "PLATFORM_KEY_CHANGED", "no registered slot opens on this platform");
      case Event.RestoreFailed(_, String rule, String detail) -> failed(run, rule, detail);
      case Event.AdviceRefused(_, String verb, String rule) ->
          counts(verb, rule)
              ? failed(run, rule, "the candidate refused '" + verb + "'")
              : Decision.to(run);
      case Event.Exited _ ->
          failed(run, "EXITED", "the process ended in " + run.phase() + "; its log says why");
      case Event.Entered _,
          Event.DrainDeadline _,
          Event.Sealed _,
          Event.InstallFailed _,
          Event.Serving _,
          Event.Installed _,
          Event.Checkpointed _ ->
          Decision.to(run);
    };
  }

  /** Advice may arrive twice or late, which an instance answers with WRONG_STATE. */
  private static boolean counts(String verb, String rule) {
    return !rule.equals(Code.WRONG_STATE.name()) && !verb.equals(Verb.PLAT_CHECK.word());
  }

  private Decision answered(Run run, Event.FromAuthority answer) {
    return switch (answer) {
      case Event.Answered(Call call, _, _, Bytes message) -> proceed(run, call, message);
      case Event.Denied(Call call, Denial denial) ->
          expects(run, call) ? refused(run, denial) : Decision.to(run);
      case Event.Unanswered _ -> Decision.to(run);
    };
  }

  /** A candidate may have to show its evidence again. */
  private static boolean attests(Run run) {
    return run.phase() == Phase.ATTEST || run.phase() == Phase.PROVISION;
  }

  private static boolean expects(Run run, Call call) {
    return (attests(run) && call == Call.CHALLENGE)
        || (run.phase() == Phase.PROVISION && call == Call.GRANT);
  }

  private Decision proceed(Run run, Call call, Bytes message) {
    if (!expects(run, call) || run.candidate().isEmpty()) {
      return Decision.to(run);
    }
    String candidate = run.candidate().get();
    if (call == Call.CHALLENGE) {
      return Decision.to(run, new Effect.Advise(candidate, Verb.CHALLENGE, message));
    }
    Run next = run.at(Phase.RESTORE);
    return Decision.to(
        next,
        new Effect.Advise(candidate, Verb.GRANT, message),
        new Effect.Wait(Alarm.RESTORE, limits.restoreMs(), next.turn()));
  }

  /**
   * A refusal of a candidate's message: too late, too early, or a bad candidate. In quarantine
   * nothing is judged, and everything is kept.
   */
  Decision refused(Run run, Denial denial) {
    if (denial.unsettles()) {
      return Lifecycle.settle();
    }
    if (denial.code() == Code.SLOW_DOWN) {
      return attestLater(run, Math.max(1, denial.number()));
    }
    if (denial.code() == Code.PERMIT_EXPIRED || denial.code() == Code.UNAVAILABLE) {
      long ms = limits.backOffMs() << Math.min(2 + run.tries().asks(), Limits.ASKS_DOUBLED);
      return attestLater(run.askedAgain(), Math.min(ms, Limits.ASK_MS));
    }
    return denial.rule().equals(NONCE) ? attestAgain(run, denial) : failed(run, denial);
  }

  private Decision failed(Run run, Denial denial) {
    return failed(run, denial.code() + "/" + denial.rule(), denial.detail());
  }

  /** An authority that was restarted knows no nonce; a candidate that never shows one is bad. */
  private Decision attestAgain(Run run, Denial denial) {
    Run counted = run.failedBy(denial.code() + "/" + denial.rule());
    return counted.tries().same() < Limits.CANDIDATES
        ? attestLater(counted, 1)
        : failed(run, denial);
  }

  /**
   * Not the candidate's fault, so not counted: the same one answers a fresh challenge later. It
   * stays in PROVISION if it came so far, which is noted already.
   */
  private static Decision attestLater(Run run, long ms) {
    Run next = run.at(run.phase() == Phase.PROVISION ? Phase.PROVISION : Phase.ATTEST);
    return Decision.to(next, new Effect.Wait(Alarm.BACK_OFF, ms, next.turn()));
  }

  private Decision happened(Run run, Event.FromHost happened) {
    return switch (happened) {
      case Event.Destroyed(String handle) ->
          run.phase() == Phase.DESTROY && run.isOld(handle)
              ? reclaim(run.without(handle))
              : Decision.to(run);
      case Event.Reclaimed(String warning) ->
          run.phase() == Phase.RECLAIM ? reclaimed(run, warning) : Decision.to(run);
      case Event.Created(String handle) ->
          run.phase() == Phase.CREATE && run.candidate().isEmpty()
              ? Decision.to(
                  run.withCandidate(handle),
                  new Effect.Wait(Alarm.BIRTH, limits.birthMs(), run.turn()))
              : Decision.to(run);
      case Event.NotCreated(boolean pressure, Cause cause) ->
          run.phase() == Phase.CREATE ? notCreated(run, pressure, cause) : Decision.to(run);
      case Event.Elapsed(Alarm alarm, long turn) ->
          turn == run.turn() && awaited(run, alarm) ? elapsed(run, alarm) : Decision.to(run);
      case Event.Fit _, Event.Unfit _, Event.Kept _, Event.NotKept _, Event.Surveyed _ ->
          Decision.to(run);
    };
  }

  /** Pages that are not back are a warning: what the create says counts. */
  private Decision reclaimed(Run run, String warning) {
    Decision created = create(run);
    return new Decision(created.next(), warning, created.effects());
  }

  private Decision notCreated(Run run, boolean pressure, Cause cause) {
    if (!pressure) {
      return failed(run, cause.rule(), cause.detail());
    }
    if (run.tries().creates() >= Limits.CREATES) {
      return halt(run, cause);
    }
    Run next = run.at(Phase.CREATE);
    long ms = limits.backOffMs() << Math.min(run.tries().creates() / Limits.SAME_PAUSE, 5);
    return Decision.failing(
        cause.toString(),
        new Situation.Running(next),
        new Effect.Wait(Alarm.BACK_OFF, ms, next.turn()));
  }

  private Decision elapsed(Run run, Alarm alarm) {
    return switch (alarm) {
      case BACK_OFF ->
          run.phase() == Phase.CREATE
              ? create(run)
              : Decision.to(run, new Effect.Challenge(run.opId()));
      case BIRTH ->
          late(
              run,
              Phase.CREATE,
              "NEVER_CONNECTED",
              "the application made no call",
              limits.birthMs());
      case EVIDENCE ->
          late(run, Phase.ATTEST, "NO_EVIDENCE", "the candidate showed none", limits.birthMs());
      case RESTORE ->
          late(run, Phase.RESTORE, "RESTORE_DEADLINE", "it was not ready", limits.restoreMs());
      case PLAT_CHECK, DRAIN, SEAL, INSTALL, CHECKPOINT, LEASE, RESUMPTION -> Decision.to(run);
    };
  }

  private static boolean awaited(Run run, Alarm alarm) {
    return alarm != Alarm.BACK_OFF || run.phase() == Phase.CREATE || attests(run);
  }

  private Decision late(Run run, Phase expected, String rule, String what, long ms) {
    return run.phase() == expected
        ? failed(run, rule, what + " within " + ms + " ms")
        : Decision.to(run);
  }
}
