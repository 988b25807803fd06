package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Facts.Found;
import dev.reseal.lifecycle.Facts.Noted;
import dev.reseal.lifecycle.Situation.Aside;
import dev.reseal.lifecycle.Situation.BackingOut;
import dev.reseal.lifecycle.Situation.Idle;
import dev.reseal.lifecycle.Situation.Unborn;
import dev.reseal.lifecycle.Situation.Unsettled;
import dev.reseal.lifecycle.View.Row;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The table of protocol 13: what the authority says and what is found here decide what to do. */
final class Recovery {
  private static final long RETRY_MS = 200;

  private final Limits limits;
  private final Sequential sequential;
  private final BackOut backOut;

  Recovery(Limits limits, Sequential sequential, BackOut backOut) {
    this.limits = limits;
    this.sequential = sequential;
    this.backOut = backOut;
  }

  Decision decide(View view, Facts facts, boolean resumed) {
    return switch (view) {
      case View.Unreachable _ -> waitFor(new Unsettled(resumed), facts);
      case View.Quarantined _ ->
          waitFor(
              new Aside(
                  new Cause("QUARANTINED", "the authority suspects a rollback of itself", "")),
              facts);
      case View.Unknown _ -> {
        Cause unknown =
            new Cause(
                "UNKNOWN_LINEAGE",
                "the authority does not know this lineage",
                "reseal authority policy apply");
        yield Endings.over(new Aside(unknown), facts, new Outcome.Blocked(unknown));
      }
      case Row row ->
          switch (row.state()) {
            case EMPTY ->
                dropping(
                    facts.instances(),
                    Endings.over(
                        new Unborn(),
                        facts,
                        new Outcome.Aborted(
                            new Cause("INTERRUPTED", "nothing was born", "reseal run"))));
            case CLOSED -> aside(facts, Code.WRONG_STATE, "CLOSED", "the lineage is closed");
            case ACTIVE -> active(row, facts);
            case PREPARED -> prepared(row, facts);
            case SEALED -> Endings.replacing(row, facts, sealed(row, facts, resumed));
          };
    };
  }

  /** Nothing of this lineage is to be done here any more. */
  private static Decision aside(Facts facts, Code code, String rule, String detail) {
    Denial denial = new Denial(code, rule, detail, 0, "");
    Aside aside = new Aside(new Cause(rule, detail, ""));
    return dropping(facts.instances(), Endings.over(aside, facts, new Outcome.Refused(denial)));
  }

  /** Nothing is destroyed while the authority cannot say what is active; what serves goes on. */
  private static Decision waitFor(Situation situation, Facts facts) {
    List<Effect> effects = new ArrayList<>();
    facts.instances().stream()
        .filter(found -> found.state() == InstanceState.SERVING)
        .findFirst()
        .ifPresent(found -> effects.add(new Effect.Release(found.handle())));
    effects.add(new Effect.Survey(RETRY_MS));
    return new Decision(situation, "", effects);
  }

  private static Decision dropping(List<Found> losers, Decision then) {
    List<Effect> effects = new ArrayList<>();
    losers.forEach(found -> effects.add(new Effect.Destroy(found.handle())));
    effects.addAll(then.effects());
    return new Decision(then.next(), then.failed(), effects);
  }

  private static List<Found> others(Facts facts, Optional<Found> kept) {
    return facts.instances().stream().filter(found -> !kept.equals(Optional.of(found))).toList();
  }

  private static Run run(Row row, Phase phase, Optional<Found> old) {
    return Run.of(row.kind(), row.opId(), phase, old.map(Found::handle))
        .permitted(row.opId(), row.fence());
  }

  private Decision active(Row row, Facts facts) {
    if (!row.activeIsHere()) {
      return aside(facts, Code.FENCED, "SUPERSEDED", "an instance on another platform is active");
    }
    Optional<Found> mine = facts.named(row.activeInstance());
    Decision then =
        mine.map(found -> activeHere(row, facts, found)).orElseGet(() -> takeover(row, facts));
    return dropping(others(facts, mine), then);
  }

  /** The request of a rekey that the register knows and the instance perhaps not yet. */
  private static Optional<Bytes> rekeying(Row row, Facts facts) {
    return facts
        .notedFor(row.opId())
        .filter(noted -> row.kind() == Kind.REKEY && noted.phase().before(Phase.RETIRE))
        .flatMap(Noted::ticket);
  }

  private static Decision rekeyAgain(Row row, Found mine, Bytes request) {
    return Decision.to(
        run(row, Phase.PERMIT, Optional.of(mine)).storing(request),
        new Effect.Release(mine.handle()),
        new Effect.Submit(Call.BEGIN, request));
  }

  private Decision activeHere(Row row, Facts facts, Found mine) {
    Run resuming = run(row, Phase.RESUME, Optional.empty()).withCandidate(mine.handle());
    return switch (mine.state()) {
      case SERVING, SILENT ->
          rekeying(row, facts)
              .map(request -> rekeyAgain(row, mine, request))
              .orElseGet(() ->
                  Decision.to(
                      new Idle(mine.handle()),
                      new Effect.Release(mine.handle()),
                      new Effect.Tidy(),
                      Endings.serving(row, facts)));
      case LOCKED, QUIESCING -> {
        Bytes opId = Endings.newest(row, facts);
        Run back = Run.of(Kind.RESEAL, opId, Phase.QUIESCE, Optional.of(mine.handle()));
        yield Decision.to(
            new BackingOut(
                back,
                new Cause("ABORTED", "the operation was aborted", ""),
                Optional.empty(),
                false),
            new Effect.Fetch(Call.FETCH_ABORT, opId));
      }
      case BORN, RESTORING, STANDBY ->
          Decision.to(resuming, new Effect.Fetch(Call.FETCH_ACTIVATION, row.opId()));
      case INSTALLING ->
          Decision.to(
              resuming, new Effect.Wait(Alarm.INSTALL, limits.installMs(), resuming.turn()));
      case DEAD -> dropping(List.of(mine), takeover(row, facts));
    };
  }

  private Decision takeover(Row row, Facts facts) {
    Run next = Run.of(Kind.TAKEOVER, row.opId(), Phase.PERMIT, Optional.empty());
    return Decision.to(
        next, new Effect.Park(), sequential.askTakeover(next), Endings.died(row, facts));
  }

  private Decision prepared(Row row, Facts facts) {
    Optional<Found> mine =
        facts.named(row.activeInstance()).filter(f -> f.state() != InstanceState.DEAD);
    Decision then =
        mine.map(found -> Endings.replacing(row, facts, preparedHere(row, facts, found)))
            .orElseGet(() ->
                hasReceipt(row, facts)
                    ? register(row, facts, Optional.empty())
                    : takeover(row, facts));
    return dropping(others(facts, mine), then);
  }

  private Decision preparedHere(Row row, Facts facts, Found mine) {
    Run run = run(row, Phase.QUIESCE, Optional.of(mine));
    Optional<Bytes> ticket = facts.notedFor(row.opId()).flatMap(Noted::ticket);
    return switch (mine.state()) {
      case LOCKED -> hasReceipt(row, facts) ? register(row, facts, Optional.of(mine)) : seal(run);
      case QUIESCING ->
          Decision.to(run, new Effect.Wait(Alarm.DRAIN, limits.drainMs(), run.turn()));
      case SERVING ->
          ticket.isPresent()
              ? sequential.sealing().finishOld(run.storing(ticket.get()))
              : interrupted(run);
      case SILENT, BORN, RESTORING, STANDBY, INSTALLING, DEAD -> interrupted(run);
    };
  }

  private Decision interrupted(Run run) {
    return backOut.begin(run, new Cause("INTERRUPTED", "the supervisor was restarted", ""));
  }

  private Decision seal(Run run) {
    Run next = run.at(Phase.SNAPSHOT);
    return Decision.to(
        next,
        new Effect.Park(),
        new Effect.Advise(next.old().orElseThrow(), Verb.SEAL, Bytes.EMPTY),
        new Effect.Wait(Alarm.SEAL, limits.sealMs(), next.turn()));
  }

  private static boolean hasReceipt(Row row, Facts facts) {
    return facts
        .notedFor(row.opId())
        .filter(noted -> noted.receipt().isPresent())
        .flatMap(Noted::body)
        .filter(facts.bodies()::contains)
        .isPresent();
  }

  private Decision register(Row row, Facts facts, Optional<Found> old) {
    Noted noted = facts.notedFor(row.opId()).orElseThrow();
    Run run = run(row, Phase.PERSIST, old).withBody(noted.body().orElseThrow(), noted.receipt());
    return Decision.to(run, new Effect.Park(), sequential.sealing().register(run));
  }

  private Decision sealed(Row row, Facts facts, boolean resumed) {
    Optional<Found> old =
        facts
            .named(row.activeInstance())
            .filter(f -> f.state() != InstanceState.DEAD && row.kind() != Kind.TAKEOVER);
    Optional<Noted> noted = facts.notedFor(row.opId());
    Optional<Found> standby = standby(facts, old, noted);
    if (standby.isPresent()) {
      Run run = run(row, Phase.COMMIT, Optional.empty()).withCandidate(standby.get().handle());
      Decision commit = Commit.submit(run, noted.flatMap(Noted::ready).orElseThrow());
      return dropping(others(facts, standby), parked(commit));
    }
    Run run = run(row, Phase.DESTROY, old);
    List<Found> losers = others(facts, old);
    Optional<Noted> hopeless =
        noted.filter(n -> !resumed && n.restoreFailures() >= Limits.CANDIDATES);
    if (hopeless.isPresent()) {
      return dropping(losers, hopeless(run, hopeless.get()));
    }
    boolean missing = row.headBody().filter(body -> !facts.bodies().contains(body)).isPresent();
    if (missing) {
      return dropping(losers, bodyMissing(run, row.headBody().orElseThrow()));
    }
    return dropping(losers, parked(sequential.candidates().destroyOld(run)));
  }

  /** A candidate of this operation whose ready was noted, so that it can be repeated. */
  private static Optional<Found> standby(Facts facts, Optional<Found> old, Optional<Noted> noted) {
    boolean repeatable =
        noted
            .filter(n -> n.ready().isPresent())
            .filter(n -> n.body().map(facts.bodies()::contains).orElse(true))
            .isPresent();
    return repeatable
        ? others(facts, old).stream()
            .filter(found -> found.state() == InstanceState.STANDBY)
            .findFirst()
        : Optional.empty();
  }

  private static Decision parked(Decision then) {
    List<Effect> effects = new ArrayList<>(List.of(new Effect.Park()));
    effects.addAll(then.effects());
    return new Decision(then.next(), then.failed(), effects);
  }

  private Decision hopeless(Run run, Noted noted) {
    return back(
        run,
        new Cause(
            noted.restoreCause(),
            noted.restoreFailures() + " candidates failed with this cause",
            "the state is intact; remove the cause, then: reseal rotate --resume"));
  }

  private Decision bodyMissing(Run run, Bytes body) {
    return back(
        run,
        new Cause(
            "BODY_MISSING",
            "container " + body + " is not on disk or is damaged",
            "put a copy of it into containers/, then: reseal rotate --resume"));
  }

  /** To the old instance, or of genesis to nothing; else a person must help. */
  private Decision back(Run run, Cause cause) {
    return run.old().isPresent() || run.kind() == Kind.GENESIS
        ? backOut.begin(run, cause)
        : sequential.candidates().halt(run, cause);
  }
}
