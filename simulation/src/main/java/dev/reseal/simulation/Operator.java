package dev.reseal.simulation;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Outcome;
import dev.reseal.lifecycle.Phase;
import dev.reseal.lifecycle.Situation;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Status;
import dev.reseal.wire.Target;
import java.util.List;
import java.util.Optional;

/** A person with a key, who wants one operation after the other and helps when nothing moves. */
final class Operator {
  private static final long PATIENCE_MS = 20_000;

  /** What a person does. */
  enum Wish {
    RESEAL,
    RESEAL_KEEPING_THE_KEY,
    REKEY,
    KILL,
    RESEAL_THEN_ABORT
  }

  private final World world;
  private final Chance chance;
  private Bytes asked = Bytes.EMPTY;
  private long askedAtMs;
  private Optional<Phase> abortIn = Optional.empty();
  private boolean pausing;
  private int wanted;
  private int done;
  private Optional<Outcome> last = Optional.empty();

  Operator(World world, Chance chance) {
    this.world = world;
    this.chance = chance;
    watch();
  }

  /** Operations that were begun and that ended, one way or another. */
  int operations() {
    return done;
  }

  /** Wants so many more. */
  void want(int operations) {
    wanted += operations;
  }

  boolean content() {
    return wanted == 0 && asked.size() == 0 && !pausing;
  }

  /** What was heard last of an operation's end, whoever had asked for it. */
  Optional<Outcome> last() {
    return last;
  }

  void finished(Bytes opId, Outcome outcome) {
    last = Optional.of(outcome);
    world.trace.line("outcome " + outcome.getClass().getSimpleName());
    if (opId.equals(asked)) {
      asked = Bytes.EMPTY;
      done++;
    }
  }

  /** After every step of the world: whether the phase has come in which it changes its mind. */
  void step() {
    if (abortIn.isPresent() && Situation.phase(world.supervisor.situation()) == abortIn.get()) {
      abortIn = Optional.empty();
      abort();
    }
  }

  private void watch() {
    world.time.after(
        chance.between(40, 120),
        () -> {
          look();
          watch();
        });
  }

  private void look() {
    boolean waiting = asked.size() > 0 && world.time.nowMs() - askedAtMs < PATIENCE_MS;
    if (waiting || pausing || !world.supervisor.up()) {
      return;
    }
    if (asked.size() > 0) {
      asked = Bytes.EMPTY;
      done++;
    }
    switch (world.supervisor.situation()) {
      case Situation.Unborn _ -> ask(Kind.GENESIS, this::genesis);
      case Situation.Idle(String active) -> {
        if (wanted > 0) {
          wanted--;
          begin(chance.of(List.of(Wish.values())), active);
        }
      }
      case Situation.Halted _ -> help();
      case Situation.Unsettled _,
          Situation.Running _,
          Situation.BackingOut _,
          Situation.Aside _ -> {}
    }
  }

  private void begin(Wish wish, String active) {
    world.trace.line("wish " + wish);
    switch (wish) {
      case RESEAL -> ask(Kind.RESEAL, status -> reseal(status, true));
      case RESEAL_KEEPING_THE_KEY -> ask(Kind.RESEAL, status -> reseal(status, false));
      case REKEY -> ask(Kind.REKEY, status -> Requests.rekey(status, world.authority.operator));
      case KILL -> {
        world.kill(active);
        done++;
      }
      case RESEAL_THEN_ABORT -> {
        ask(Kind.RESEAL, status -> reseal(status, true));
        abortIn = Optional.of(chance.of(List.of(Phase.QUIESCE, Phase.SNAPSHOT, Phase.PERSIST)));
      }
    }
  }

  private Requests.Made reseal(Status status, boolean rotate) {
    return Requests.reseal(status, rotate, world.authority.operator);
  }

  private Requests.Made genesis(Status status) {
    Target target = new Target(AuthorityNode.IMAGE, 1, 1, 2, Optional.empty());
    return Requests.genesis(status, target, world.authority.operator);
  }

  private interface Making {
    Requests.Made of(Status status);
  }

  /** The status is what the authority shows; without it nothing is asked now. */
  private void ask(Kind kind, Making making) {
    pausing = true;
    world.network.get(
        "status/" + AuthorityNode.LINEAGE.toHex(),
        reply -> {
          pausing = false;
          if (reply.isPresent() && reply.get() instanceof Reply.Answer(Bytes body)) {
            Status status = Status.decode(body);
            boolean fits = kind == Kind.GENESIS == status.active().isEmpty();
            if (fits) {
              Requests.Made made = making.of(status);
              asked = made.opId();
              askedAtMs = world.time.nowMs();
              world.supervisor.hear(new Event.Asked(kind, made.opId(), made.message()));
              return;
            }
          }
          // Still wanted: what was seen did not fit, or nothing was seen.
          wanted += kind == Kind.RESEAL || kind == Kind.REKEY ? 1 : 0;
        });
  }

  private void abort() {
    if (world.supervisor.situation() instanceof Situation.Running) {
      world
          .authority
          .status()
          .ifPresent(status -> {
            Requests.Made made = Requests.abort(status, world.authority.operator);
            world.supervisor.hear(new Event.Asked(Kind.ABORT, made.opId(), made.message()));
          });
    }
  }

  /** Removes the cause, as far as a person can: goes on, or takes over with a signed request. */
  private void help() {
    if (chance.oneIn(2)) {
      Bytes opId = world.keys().bytes().bytes(16);
      world.supervisor.hear(new Event.ResumeAsked(opId));
    } else {
      ask(Kind.TAKEOVER, status -> Requests.takeover(status, world.authority.operator));
    }
  }
}
