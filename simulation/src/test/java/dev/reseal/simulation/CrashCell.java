package dev.reseal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Entry;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Phase;
import dev.reseal.lifecycle.Situation;
import dev.reseal.lifecycle.Verb;
import dev.reseal.simulation.CrashEverywhereTest.Operation;
import dev.reseal.simulation.CrashPoint.Side;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Kind;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * One cell: the world of one operation with crashes in it, each at a point after the one before.
 */
final class CrashCell implements World.Observer {
  static final int WHOLE = Integer.MAX_VALUE;

  /** A cell differs from another by its crashes only. */
  private static final long SEED = 1;

  static {
    QuickCurves.install();
  }

  private final List<CrashPoint> points;
  private final int kept;
  private final Operation operation;
  final World world;
  private Set<String> old = Set.of();
  private boolean armed;
  private int fired;
  private int passed;
  private int before;
  private long givenUpIn;

  /** {@code kept}: so many entries of the journal survive the first crash, or it is WHOLE. */
  CrashCell(Operation operation, List<CrashPoint> points, int kept) {
    this(operation, points, kept, may(operation));
  }

  /** {@code may}: what its supervisor may ask for by itself. */
  CrashCell(Operation operation, List<CrashPoint> points, int kept, List<String> may) {
    this.operation = operation;
    this.points = List.copyOf(points);
    this.kept = kept;
    this.world =
        new World(
            SEED,
            new Wiring() {
              @Override
              public List<String> supervisorMay() {
                return may;
              }
            });
    this.armed = operation == Operation.GENESIS;
    world.observe(this);
  }

  private static List<String> may(Operation operation) {
    return operation == Operation.RETIRE
        ? List.of("takeover", "abort")
        : Wiring.PLAIN.supervisorMay();
  }

  /** The number of points that were passed. */
  int run() {
    if (operation != Operation.GENESIS) {
      world.settle();
    }
    if (operation == Operation.RETIRE) {
      reseal(true);
      settleAfter(world);
    }
    if (operation != Operation.GENESIS) {
      serve();
    }
    before = world.authority.log().size();
    old = world.nodes().stream().map(InstanceNode::handle).collect(Collectors.toSet());
    armed = true;
    begin();
    settleAfter(world);
    return passed;
  }

  /** Clients write, until there is something to lose of each kind: in a head, and newer than it. */
  private void serve() {
    String active = world.nodes().getFirst().handle();
    while (world.ledger.safe() < 2L * AuthorityNode.RPO
        || world.ledger.acknowledged() - world.ledger.safe() < AuthorityNode.RPO) {
      if (world.ledger.safe() < 2L * AuthorityNode.RPO) {
        world.advise(active, Verb.CHECKPOINT, Bytes.EMPTY);
      }
      long until = world.time.nowMs() + 50;
      while (world.time.nowMs() < until) {
        world.step();
      }
    }
  }

  /** What was asked for a moment ago begins, and is carried out. */
  static void settleAfter(World world) {
    int steps = 0;
    while (world.supervisor.situation() instanceof Situation.Idle) {
      assertThat(steps++).as("steps until it begins").isLessThan(1_000);
      world.step();
    }
    world.settle();
  }

  private void begin() {
    Status status = world.authority.status().orElseThrow();
    SigningKey operator = world.authority.operator;
    switch (operation) {
      case GENESIS -> {} // which the operator of every world asks for
      case RESEAL, ABORT -> reseal(true);
      case RESEAL_KEEPING_THE_KEY -> reseal(false);
      case REKEY -> ask(Kind.REKEY, Requests.rekey(status, operator));
      case RETIRE -> ask(Kind.RETIRE, Requests.retire(status, operator));
      case TAKEOVER -> old.forEach(world::kill);
    }
  }

  private void reseal(boolean rotate) {
    Status status = world.authority.status().orElseThrow();
    ask(Kind.RESEAL, Requests.reseal(status, rotate, world.authority.operator));
  }

  private void ask(Kind kind, Requests.Made made) {
    ask(world, kind, made);
  }

  static void ask(World world, Kind kind, Requests.Made made) {
    world.supervisor.hear(new Event.Asked(kind, made.opId(), made.message()));
  }

  @Override
  public void point(Phase phase, Optional<Side> around) {
    if (!armed) {
      return;
    }
    if (around.isEmpty()) {
      // Nobody helps: it must converge by itself.
      assertThat(world.supervisor.situation()).as("T19").isNotInstanceOf(Situation.Halted.class);
      return;
    }
    Side side = around.get();
    passed += side == Side.BEFORE ? 1 : 0;
    giveUp(phase);
    if (fired == points.size()) {
      return;
    }
    CrashPoint next = points.get(fired);
    if (side == next.side() && passed == next.number()) {
      fired++;
      crash(next);
    }
  }

  /** An abort is asked for once in the life of a supervisor. */
  private void giveUp(Phase phase) {
    boolean prepared = phase == Phase.QUIESCE || phase == Phase.SNAPSHOT;
    if (operation == Operation.ABORT && prepared && givenUpIn != world.supervisor.life()) {
      givenUpIn = world.supervisor.life();
      Status status = world.authority.status().orElseThrow();
      ask(Kind.ABORT, Requests.abort(status, world.authority.operator));
    }
  }

  private void crash(CrashPoint point) {
    switch (point.victim()) {
      case SUPERVISOR -> supervisor(point.side());
      case AUTHORITY -> world.restartAuthority();
      case OLD -> old.forEach(world::kill);
      case NEW ->
          world.nodes().stream()
              .map(InstanceNode::handle)
              .filter(handle -> !old.contains(handle))
              .forEach(world::kill);
      case PLATFORM -> world.platformDies();
      case ENCLAVES -> world.powerTransition();
      case STORE, NOBODY -> throw new AssertionError(point);
    }
  }

  /** Before a step it loses what its journal had not synced, after one it loses nothing. */
  private void supervisor(Side side) {
    List<Entry> entries = world.supervisor.entries();
    int synced = entries.size();
    while (side == Side.BEFORE
        && synced > 0
        && entries.get(synced - 1).edge() != Entry.Edge.INTENT) {
      synced--;
    }
    try {
      world.supervisor.loseJournalAfter(Math.min(kept, synced));
    } catch (IOException refused) {
      throw new UncheckedIOException(refused);
    }
  }

  /** Whether every crash came. */
  boolean complete() {
    return fired == points.size();
  }

  /** The events of the log since the operation was asked for. */
  List<String> logged() {
    return world.authority.log().stream().skip(before).map(LogEvent::name).toList();
  }
}
