package dev.reseal.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.lifecycle.Outcome;
import dev.reseal.simulation.CrashPoint.Side;
import dev.reseal.simulation.CrashPoint.Victim;
import dev.reseal.wire.Cbor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
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
  private static final int CUT_EVERY_POINTS = 12;

  /** The operations that exist. */
  enum Operation {
    GENESIS,
    RESEAL,
    RESEAL_KEEPING_THE_KEY,
    REKEY,
    TAKEOVER,
    /** A re-seal that an operator gives up before its state is registered. */
    ABORT,
    /** An operator destroys old keys that the supervisor may not. */
    RETIRE
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
  static List<Victim> victims(Operation operation) {
    List<Victim> always =
        List.of(Victim.SUPERVISOR, Victim.AUTHORITY, Victim.PLATFORM, Victim.ENCLAVES);
    List<Victim> instances =
        switch (operation) {
          case GENESIS, TAKEOVER -> List.of(Victim.NEW);
          case RESEAL -> List.of(Victim.OLD, Victim.NEW);
          case REKEY, ABORT, RETIRE -> List.of(Victim.OLD);
          case RESEAL_KEEPING_THE_KEY -> List.of();
        };
    return Stream.concat(always.stream(), instances.stream()).toList();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void t19EveryCrashConvergesToOneServingInstance(Operation operation, Victim victim) {
    everyPoint(operation, victim, CrashCell.WHOLE);
  }

  @ParameterizedTest
  @EnumSource(
      value = Operation.class,
      names = {"RESEAL", "TAKEOVER", "REKEY", "ABORT", "RETIRE"})
  void t20ALostJournalChangesNothingThatWasPromised(Operation operation) {
    everyPoint(operation, Victim.SUPERVISOR, 0);
  }

  @Test
  void eachOperationEndsAsItsNameSays() {
    assertThat(ends(Operation.ABORT)).contains("prepare", "abort").doesNotContain("takeover");
    assertThat(ends(Operation.RETIRE)).contains("retire").endsWith("destroyed");
    assertThat(ends(Operation.RESEAL))
        .containsSubsequence("prepare", "register-seal", "grant", "activate", "retire");
    assertThat(ends(Operation.TAKEOVER)).containsSubsequence("takeover", "grant", "activate");
    assertThat(ends(Operation.REKEY)).containsSubsequence("rekey", "checkpoint", "retire");
  }

  /** What the authority logged of it; the supervisor says that it is done. */
  private static List<String> ends(Operation operation) {
    CrashCell cell = new CrashCell(operation, List.of(), CrashCell.WHOLE);
    cell.run();
    assertThat(cell.world.operator().last().orElseThrow()).isInstanceOf(Outcome.Done.class);
    return cell.logged();
  }

  @ParameterizedTest
  @EnumSource(
      value = Victim.class,
      names = {"OLD", "PLATFORM", "ENCLAVES"})
  void anUpdateOfAHeadThatIsGoneIsNoticedWhoeverDied(Victim victim) {
    CrashPoint registered = new CrashPoint(victim, Side.AFTER, 13);
    CrashCell cell = new CrashCell(Operation.RESEAL, List.of(registered), CrashCell.WHOLE);
    cell.run();
    cell.world.nodes().getFirst().inside().stores().delete(Ledger.STORE, Cbor.of(1));
    assertThatThrownBy(cell.world.invariants::converged)
        .isInstanceOf(Check.class)
        .hasMessageContaining("T2");
  }

  @Test
  void aSupervisorThatWaitsForAPersonHasNotConverged() {
    CrashCell cell =
        new CrashCell(Operation.TAKEOVER, List.of(), CrashCell.WHOLE, List.of("abort"));
    assertThatThrownBy(cell::run).isInstanceOf(AssertionError.class).hasMessageContaining("T19");
  }

  /**
   * FileJournalTest cuts a file at every byte: what is left is always a number of whole entries.
   */
  @Test
  void t20AJournalThatIsCutAfterAnyEntryChangesNothingThatWasPromised() {
    CrashCell whole = new CrashCell(Operation.RESEAL, List.of(), CrashCell.WHOLE);
    int points = whole.run();
    int entries = whole.world.supervisor.entries().size();
    for (int number = 3; number <= points; number += CUT_EVERY_POINTS) {
      CrashPoint point = new CrashPoint(Victim.SUPERVISOR, Side.AFTER, number);
      IntStream.range(1, entries)
          .parallel()
          .forEach(kept -> converges(Operation.RESEAL, point, kept));
    }
  }

  private static void everyPoint(Operation operation, Victim victim, int kept) {
    int points = new CrashCell(operation, List.of(), CrashCell.WHOLE).run();
    assertThat(points).as("points of " + operation).isGreaterThan(1);
    IntStream.rangeClosed(1, points)
        .parallel()
        .forEach(number -> {
          for (Side side : Side.values()) {
            converges(operation, new CrashPoint(victim, side, number), kept);
          }
        });
  }

  private static void converges(Operation operation, CrashPoint point, int kept) {
    CrashCell cell = new CrashCell(operation, List.of(point), kept);
    try {
      cell.run();
      assertThat(cell.complete()).as("the crash came").isTrue();
      cell.world.replay();
    } catch (RuntimeException | AssertionError broken) {
      throw new AssertionError(
          operation + " " + point + ", " + kept + " kept: " + broken.getMessage(), broken);
    }
  }
}
