package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Event.FromInstance;
import dev.reseal.lifecycle.Situation.Idle;
import dev.reseal.wire.AuthorityMessage;
import dev.reseal.wire.Code;
import dev.reseal.wire.Signed;
import dev.reseal.wire.WireException;

/** R0: a new key generation into the instance that serves (protocol 11). */
final class Rekey {
  private final Limits limits;
  private final Commit commit;

  Rekey(Limits limits, Commit commit) {
    this.limits = limits;
    this.commit = commit;
  }

  /** The register has moved on already: there is no way back from here. */
  Decision begin(Run run, Bytes grant) {
    Run next = run.at(Phase.PROVISION).storing(grant);
    String active = next.old().orElseThrow();
    return Decision.to(
        next,
        new Effect.Advise(active, Verb.REKEY_GRANT, grant),
        new Effect.Advise(active, Verb.RENEW, Bytes.EMPTY),
        new Effect.Wait(Alarm.INSTALL, limits.installMs(), next.turn()));
  }

  Decision decide(Run run, Event event) {
    return switch (event) {
      case FromInstance said when run.isOld(said.handle()) -> said(run, said);
      case Event.Elapsed(Alarm alarm, long turn)
          when alarm == Alarm.INSTALL && turn == run.turn() ->
          holdOver(run, "INSTALL_DEADLINE", "the generation was not installed in time");
      case FromInstance _, Event.FromOperator _, Event.FromAuthority _, Event.FromHost _ ->
          Decision.to(run);
    };
  }

  /** A grant that was installed before an interruption is FENCED: the renewal tells. */
  private Decision said(Run run, FromInstance said) {
    return switch (said) {
      case Event.Installed(String handle, long gen) ->
          gen >= granted(run) ? commit.retire(run.withCandidate(handle), handle) : Decision.to(run);
      case Event.InstallFailed(_, String detail) -> holdOver(run, "INSTALL_FAILED", detail);
      case Event.AdviceRefused(_, String verb, String rule) ->
          rule.equals(Code.FENCED.name()) || !verb.equals(Verb.REKEY_GRANT.word())
              ? Decision.to(run)
              : holdOver(run, rule, "rekey-grant refused");
      case Event.Exited _ ->
          Lifecycle.settle(
              new Effect.Park(),
              new Effect.Finish(run.opId(), new Outcome.TakingOver("the instance ended")));
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

  /** 0 for a grant that cannot be read: refusing it is the instance's. */
  private static long granted(Run run) {
    try {
      return run.stored()
          .map(grant -> Signed.peek(AuthorityMessage.RekeyGrant.class, grant).gen())
          .orElse(0L);
    } catch (WireException garbled) {
      return 0;
    }
  }

  private Decision holdOver(Run run, String rule, String detail) {
    Cause cause =
        new Cause(rule, detail, "the old generation goes on until rekey_grace ends; repeat rotate");
    return Decision.failing(
        cause.toString(),
        new Idle(run.old().orElseThrow()),
        new Effect.Finish(run.opId(), new Outcome.HoldOver(cause)));
  }
}
