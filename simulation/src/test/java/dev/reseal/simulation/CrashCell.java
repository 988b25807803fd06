package dev.reseal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.lifecycle.Phase;
import dev.reseal.lifecycle.Situation;
import dev.reseal.simulation.CrashEverywhereTest.Operation;
import dev.reseal.simulation.CrashPoint.Side;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Kind;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.Status;
import dev.reseal.wire.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One cell: the world of one operation with crashes in it, each at a point after the one before.
 */
final class CrashCell {
  static final int WHOLE = Integer.MAX_VALUE;

  private static final Replay REPLAY = Replay.ofSpec();

  static {
    QuickCurves.install();
  }

  private final List<CrashPoint> points;
  private final int kept;
  private final Operation operation;
  final SimWorld world;
  private final List<String> old = new ArrayList<>();
  private boolean armed;
  private int fired;
  private int passed;
  private int offset;
  private int before;
  private boolean givenUp;

  /** {@code kept}: so many entries of the journal survive the first crash, or it is WHOLE. */
  CrashCell(Operation operation, List<CrashPoint> points, int kept) {
    this.operation = operation;
    this.points = List.copyOf(points);
    this.kept = kept;
    String may = operation == Operation.RETIRE ? SimAuthority.KEEPS_KEYS : SimAuthority.MAY_ALL;
    this.world = new SimWorld(may, this::reached);
  }

  private void reached(Side side, int number, String what) {
    if (!armed) {
      offset = number;
      return;
    }
    int here = number - offset;
    passed = Math.max(passed, here);
    if (operation == Operation.ABORT && !givenUp && prepared()) {
      givenUp = true;
      world.ask(Requests.abort(world.authority.status(), SimAuthority.OPERATOR), Kind.ABORT);
    }
    if (fired == points.size()) {
      return;
    }
    CrashPoint point = points.get(fired);
    if (side != point.side() || here != point.number()) {
      return;
    }
    fired++;
    switch (point.victim()) {
      case SUPERVISOR -> throw new SimWorld.Crash(side + " " + number + " " + what);
      case AUTHORITY -> world.authority.restart();
      case OLD -> old.forEach(world::kill);
      case NEW ->
          List.copyOf(world.instances.keySet()).stream()
              .filter(handle -> !old.contains(handle))
              .forEach(world::kill);
      case PLATFORM -> world.platformDies();
      case ENCLAVES -> world.powerTransition();
      case STORE, NOBODY -> throw new AssertionError(point);
    }
  }

  private boolean prepared() {
    Phase phase = Situation.phase(world.situation());
    return phase == Phase.QUIESCE || phase == Phase.SNAPSHOT;
  }

  /** The events of the log since the operation was asked for. */
  List<String> logged() {
    return world.authority.log().stream().skip(before).map(LogEvent::name).toList();
  }

  /** The number of points that were passed. */
  int run() {
    world.start();
    world.settle();
    if (operation != Operation.GENESIS) {
      begin(Operation.GENESIS);
      world.settle();
      SimInvariants.converged(world);
    }
    if (operation == Operation.RETIRE) {
      begin(Operation.RESEAL);
      world.settle();
      SimInvariants.converged(world);
    }
    old.addAll(world.instances.keySet());
    before = world.authority.log().size();
    armed = true;
    through(() -> begin(operation));
    while (world.situation() instanceof Situation.Unborn) {
      through(() -> begin(Operation.GENESIS));
    }
    return passed;
  }

  /** Whether every crash came. */
  boolean complete() {
    return fired == points.size();
  }

  private void through(Runnable beginning) {
    Runnable next = beginning;
    while (true) {
      try {
        next.run();
        world.settle();
        return;
      } catch (SimWorld.Crash crash) {
        givenUp = false;
        next = () -> world.restart(kept);
      }
    }
  }

  /** What it recorded is what the tables of spec/ allow. */
  void replay() {
    assertThat(REPLAY.together(world.entries(), world.authority.log())).isEmpty();
    assertThat(REPLAY.steps(world.steps)).isEmpty();
  }

  private void begin(Operation what) {
    Status status = world.authority.status();
    switch (what) {
      case GENESIS ->
          world.ask(
              Requests.genesis(
                  status,
                  new Target(SimAuthority.MRENCLAVE, 1, 1, 2, Optional.empty()),
                  SimAuthority.OPERATOR),
              Kind.GENESIS);
      case RESEAL, ABORT ->
          world.ask(Requests.reseal(status, true, SimAuthority.OPERATOR), Kind.RESEAL);
      case RESEAL_KEEPING_THE_KEY ->
          world.ask(Requests.reseal(status, false, SimAuthority.OPERATOR), Kind.RESEAL);
      case REKEY -> world.ask(Requests.rekey(status, SimAuthority.OPERATOR), Kind.REKEY);
      case RETIRE -> world.ask(Requests.retire(status, SimAuthority.OPERATOR), Kind.RETIRE);
      case TAKEOVER -> List.copyOf(world.instances.keySet()).forEach(world::kill);
    }
  }
}
