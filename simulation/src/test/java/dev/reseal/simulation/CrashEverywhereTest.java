package dev.reseal.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.lifecycle.Situation;
import dev.reseal.simulation.CrashPoint.Side;
import dev.reseal.simulation.CrashPoint.Victim;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Status;
import dev.reseal.wire.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * After every journal write and every order of every operation the world stops, restarts, and must
 * converge: T1, T2, T19, T22 (protocol 17). A row is an operation and who dies; each runs all of
 * its points, before and after.
 */
class CrashEverywhereTest {
  private static final Replay REPLAY = Replay.ofSpec();

  /** The operations that exist. */
  enum Operation {
    GENESIS,
    RESEAL,
    RESEAL_KEEPING_THE_KEY,
    REKEY,
    TAKEOVER
  }

  static Stream<Arguments> rows() {
    List<Arguments> rows = new ArrayList<>();
    for (Operation operation : Operation.values()) {
      for (Victim victim : victims(operation)) {
        rows.add(Arguments.of(operation, victim));
      }
    }
    return rows.stream();
  }

  /** Who can die in it: a genesis has no old instance, a rekey no new one. */
  private static List<Victim> victims(Operation operation) {
    return switch (operation) {
      case GENESIS, TAKEOVER -> List.of(Victim.SUPERVISOR, Victim.NEW, Victim.AUTHORITY);
      case RESEAL -> List.of(Victim.SUPERVISOR, Victim.OLD, Victim.NEW, Victim.AUTHORITY);
      case RESEAL_KEEPING_THE_KEY -> List.of(Victim.SUPERVISOR);
      case REKEY -> List.of(Victim.SUPERVISOR, Victim.OLD, Victim.AUTHORITY);
    };
  }

  /** One cell: the world of one operation with one crash in it. */
  private static final class Cell {
    private final CrashPoint point;
    private final boolean journalLost;
    private final SimWorld world;
    private final List<String> old = new ArrayList<>();
    private boolean armed;
    private boolean fired;
    private int passed;
    private int offset;

    Cell(CrashPoint point, boolean journalLost) {
      this.point = point;
      this.journalLost = journalLost;
      this.world = new SimWorld(this::reached);
    }

    private void reached(Side side, int number, String what) {
      if (!armed) {
        offset = number;
        return;
      }
      int here = number - offset;
      passed = Math.max(passed, here);
      if (fired || side != point.side() || here != point.number()) {
        return;
      }
      fired = true;
      switch (point.victim()) {
        case SUPERVISOR -> throw new SimWorld.Crash(side + " " + number + " " + what);
        case AUTHORITY -> world.authority.restart();
        case OLD -> old.forEach(world::kill);
        case NEW ->
            List.copyOf(world.instances.keySet()).stream()
                .filter(handle -> !old.contains(handle))
                .forEach(world::kill);
        case PLATFORM, NOBODY -> throw new AssertionError(point);
      }
    }

    /** The number of points that were passed. */
    int run(Operation operation) {
      world.start();
      world.settle();
      if (operation != Operation.GENESIS) {
        begin(Operation.GENESIS);
        world.settle();
        SimInvariants.converged(world);
        old.addAll(world.instances.keySet());
      }
      armed = true;
      try {
        begin(operation);
        world.settle();
      } catch (SimWorld.Crash crash) {
        world.restart(journalLost);
        world.settle();
      }
      if (world.situation() instanceof Situation.Unborn) {
        begin(Operation.GENESIS);
        world.settle();
      }
      return passed;
    }

    /** What it recorded is what the tables of spec/ allow. */
    void replay() {
      assertThat(REPLAY.together(world.entries(), world.authority.log())).isEmpty();
      assertThat(REPLAY.instances(world.moves)).isEmpty();
    }

    private void begin(Operation operation) {
      Status status = world.authority.status();
      switch (operation) {
        case GENESIS ->
            world.ask(
                Requests.genesis(
                    status,
                    new Target(SimAuthority.MRENCLAVE, 1, 1, 2, Optional.empty()),
                    SimAuthority.OPERATOR),
                Kind.GENESIS);
        case RESEAL -> world.ask(Requests.reseal(status, true, SimAuthority.OPERATOR), Kind.RESEAL);
        case RESEAL_KEEPING_THE_KEY ->
            world.ask(Requests.reseal(status, false, SimAuthority.OPERATOR), Kind.RESEAL);
        case REKEY -> world.ask(Requests.rekey(status, SimAuthority.OPERATOR), Kind.REKEY);
        case TAKEOVER -> List.copyOf(world.instances.keySet()).forEach(world::kill);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  void t19EveryCrashConvergesToOneServingInstance(Operation operation, Victim victim) {
    everyPoint(operation, victim, false);
  }

  @ParameterizedTest
  @EnumSource(
      value = Operation.class,
      names = {"RESEAL", "TAKEOVER", "REKEY"})
  void t20ALostJournalChangesNothingThatWasPromised(Operation operation) {
    everyPoint(operation, Victim.SUPERVISOR, true);
  }

  @Test
  void aDroppedRecordIsNoticed() {
    Cell cell = new Cell(new CrashPoint(Victim.NOBODY, Side.BEFORE, 0), false);
    cell.run(Operation.RESEAL);
    SimInvariants.converged(cell.world);
    SimInstance one = cell.world.instances.values().iterator().next();
    one.inside().stores().delete("records", Cbor.of(1));
    assertThatThrownBy(() -> SimInvariants.converged(cell.world))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("T2");
  }

  private static void everyPoint(Operation operation, Victim victim, boolean journalLost) {
    int points = new Cell(new CrashPoint(victim, Side.BEFORE, 0), false).run(operation);
    assertThat(points).as("points of " + operation).isGreaterThan(5);
    for (int number = 1; number <= points; number++) {
      for (Side side : Side.values()) {
        CrashPoint point = new CrashPoint(victim, side, number);
        Cell cell = new Cell(point, journalLost);
        try {
          cell.run(operation);
          SimInvariants.converged(cell.world);
          cell.replay();
        } catch (RuntimeException | AssertionError broken) {
          throw new AssertionError(operation + " " + point + ": " + broken.getMessage(), broken);
        }
      }
    }
  }
}
