package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Event.FromInstance;
import dev.reseal.lifecycle.Situation.Halted;
import dev.reseal.lifecycle.Situation.Idle;
import dev.reseal.lifecycle.Situation.Unborn;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The phases in order: PREFLIGHT and PERMIT here, then {@link Sealing}, {@link Candidates} and
 * {@link Commit}.
 */
final class Sequential {
  private final Candidates candidates;
  private final Sealing sealing;
  private final Commit commit;
  private final Rekey rekey;

  Sequential(Limits limits, BackOut backOut) {
    this.candidates = new Candidates(limits, backOut);
    this.sealing = new Sealing(limits, backOut, candidates);
    this.commit = new Commit(limits, candidates);
    this.rekey = new Rekey(limits, commit);
  }

  Candidates candidates() {
    return candidates;
  }

  Sealing sealing() {
    return sealing;
  }

  Decision decide(Run run, Event event) {
    return switch (run.phase()) {
      case IDLE, PLAN -> throw new IllegalStateException("an operation does not run in " + run);
      case PREFLIGHT -> preflight(run, event);
      case PERMIT -> permit(run, event);
      case QUIESCE, SNAPSHOT, PERSIST -> sealing.decide(run, event);
      case DESTROY, RECLAIM, CREATE, ATTEST, RESTORE -> candidates.decide(run, event);
      case PROVISION ->
          run.kind() == Kind.REKEY ? rekey.decide(run, event) : candidates.decide(run, event);
      case COMMIT, RESUME, RETIRE -> commit.decide(run, event);
    };
  }

  private Decision preflight(Run run, Event event) {
    return switch (event) {
      case Event.Fit _ ->
          run.kind() == Kind.RESEAL && run.old().isPresent()
              ? Decision.to(
                  run,
                  new Effect.CheckPlatform(run.old().get()),
                  new Effect.Wait(Alarm.PLAT_CHECK, Limits.PLAT_CHECK_MS, run.turn()))
              : askPermit(run);
      case Event.Unfit(Cause cause) -> unfit(run, cause);
      case Event.PlatformChecked(String handle, boolean same) when run.isOld(handle) ->
          same
              ? askPermit(run)
              : unfit(
                  run,
                  new Cause(
                      "PLATFORM_KEY_CHANGED",
                      "no registered slot opens on this platform any more",
                      "a re-seal might not come back; reseal why says what the machine lost"));
      case Event.AdviceRefused(String handle, String verb, String rule)
          when run.isOld(handle) && verb.equals(Verb.PLAT_CHECK.word()) ->
          unfit(
              run,
              new Cause(
                  rule,
                  "the active instance cannot make a quote, or not look at its slots",
                  "see that the quoting service runs, then ask again; the service goes on"
                      + " meanwhile"));
      case Event.Elapsed(Alarm alarm, long turn)
          when alarm == Alarm.PLAT_CHECK && turn == run.turn() ->
          askPermit(run);
      case Event.Exited(String handle) when run.isOld(handle) -> Sealing.died(run);
      case Event.FromOperator _, FromInstance _, Event.FromAuthority _, Event.FromHost _ ->
          Decision.to(run);
    };
  }

  private static Decision askPermit(Run run) {
    return Decision.to(
        run.at(Phase.PERMIT), new Effect.Submit(Call.BEGIN, run.stored().orElseThrow()));
  }

  private Decision unfit(Run run, Cause cause) {
    return Decision.failing(
        cause.toString(), before(run), new Effect.Finish(run.opId(), new Outcome.Blocked(cause)));
  }

  private Decision permit(Run run, Event event) {
    return switch (event) {
      case Event.Answered(Call call, Bytes opId, long fence, Bytes message)
          when call == asked(run) && (call == Call.TAKEOVER || opId.equals(run.opId())) ->
          permitted(run.permitted(opId, fence), message);
      case Event.Denied(Call call, Denial denial) when call == asked(run) -> refused(run, denial);
      case Event.Unanswered(Call call, String detail)
          when call == Call.BEGIN && call == asked(run) ->
          Lifecycle.settle(
              new Effect.Finish(
                  run.opId(),
                  new Outcome.Blocked(
                      new Cause(
                          "AUTHORITY_UNREACHABLE",
                          detail + "; nothing was touched",
                          "see that the authority runs, then ask again"))));
      case Event.Elapsed(Alarm alarm, long turn) when alarm == Alarm.LEASE && turn == run.turn() ->
          Decision.to(run, askTakeover(run));
      case Event.Exited(String handle) when run.isOld(handle) -> Sealing.died(run);
      case Event.FromOperator _, FromInstance _, Event.FromAuthority _, Event.FromHost _ ->
          Decision.to(run);
    };
  }

  /** What it waits for: the answer to the request of an operation before it may come late. */
  private static Call asked(Run run) {
    return run.stored().isPresent() ? Call.BEGIN : Call.TAKEOVER;
  }

  /** The supervisor's own request, or again the one that an operator signed. */
  Effect askTakeover(Run run) {
    return run.stored().isPresent()
        ? new Effect.Submit(Call.BEGIN, run.stored().get())
        : new Effect.Demand(Kind.TAKEOVER);
  }

  private Decision permitted(Run run, Bytes message) {
    return switch (run.kind()) {
      case RESEAL, UPGRADE, MIGRATE -> sealing.finishOld(run.storing(message));
      case GENESIS, TAKEOVER, RECOVER -> candidates.create(run);
      case REKEY ->
          run.old().isPresent()
              ? rekey.begin(run, message)
              : Lifecycle.settle(
                  new Effect.Finish(
                      run.opId(),
                      new Outcome.TakingOver(
                          "the instance ended; its successor gets the new key")));
      case ABORT, RETIRE, CLOSE, POLICY ->
          throw new IllegalStateException(run.kind() + " has no permit");
    };
  }

  private Decision refused(Run run, Denial denial) {
    if (run.kind() == Kind.TAKEOVER || run.kind() == Kind.RECOVER) {
      return takeoverRefused(run, denial);
    }
    return Decision.failing(
        denial.cause().toString(),
        before(run),
        new Effect.Finish(run.opId(), new Outcome.Refused(denial)));
  }

  private Decision takeoverRefused(Run run, Denial denial) {
    if (denial.code() == Code.LEASE_RUNNING || denial.code() == Code.SLOW_DOWN) {
      Run next = run.at(Phase.PERMIT);
      long ms = Math.max(1, denial.number());
      return Decision.to(next, new Effect.Wait(Alarm.LEASE, ms, next.turn()));
    }
    if (denial.unsettles()) {
      return run.stored().isPresent()
          ? Lifecycle.settle(new Effect.Finish(run.opId(), new Outcome.Refused(denial)))
          : Lifecycle.settle();
    }
    Cause refused = denial.cause();
    String recover = denial.allow().isEmpty() ? "an operator can: reseal recover" : "";
    String next =
        Stream.of(recover, refused.next())
            .filter(each -> !each.isEmpty())
            .collect(Collectors.joining("; "));
    Cause cause = new Cause(refused.rule(), "the takeover was refused: " + refused.detail(), next);
    return candidates.halt(run, cause);
  }

  /** Where an operation that never began leaves things. */
  private static Situation before(Run run) {
    return run.old()
        .<Situation>map(Idle::new)
        .orElseGet(() ->
            run.kind() == Kind.GENESIS
                ? new Unborn()
                : new Halted(run, new Cause("NOT_BEGUN", run.kind() + " was refused", "")));
  }
}
