package dev.reseal.supervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Entry;
import dev.reseal.journal.Fact;
import dev.reseal.lifecycle.Alarm;
import dev.reseal.lifecycle.Call;
import dev.reseal.lifecycle.Denial;
import dev.reseal.lifecycle.Effect;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Facts;
import dev.reseal.lifecycle.InstanceState;
import dev.reseal.lifecycle.Lifecycle;
import dev.reseal.lifecycle.Limits;
import dev.reseal.lifecycle.Phase;
import dev.reseal.lifecycle.Situation;
import dev.reseal.lifecycle.View;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EngineTest {
  private static final Bytes LINEAGE = Bytes.zeros(16);
  private static final Bytes OP = Bytes.hex("0102030405060708090a0b0c0d0e0f10");
  private static final Bytes ID = Bytes.zeros(32);
  private static final Bytes BODY = Bytes.ascii("body").sha256();

  private final MemoryJournal journal = new MemoryJournal(LINEAGE, () -> 5);
  private final List<Effect> orders = new ArrayList<>();
  private final List<Integer> durableAtOrder = new ArrayList<>();
  private final Engine engine =
      new Engine(
          new Lifecycle(Limits.DEFAULT),
          journal,
          effect -> {
            orders.add(effect);
            if (effect.outward()) {
              durableAtOrder.add(journal.afterCrash().size());
            }
          },
          (_, _, _) -> {});

  private void serving() {
    engine.start();
    engine.handle(
        new Event.Surveyed(
            new View.Row(
                View.State.ACTIVE, Kind.GENESIS, OP, 1, Optional.of(ID), true, Optional.of(BODY)),
            new Facts(
                List.of(new Facts.Found("old", Optional.of(ID), InstanceState.SERVING)),
                Set.of(BODY),
                Optional.empty())));
  }

  private void toPersist() {
    serving();
    engine.handle(new Event.Asked(Kind.RESEAL, OP, Bytes.ascii("request")));
    engine.handle(new Event.Fit());
    engine.handle(new Event.PlatformChecked("old", true));
    engine.handle(new Event.Answered(Call.BEGIN, OP, 2, Bytes.ascii("ticket")));
    engine.handle(new Event.Entered("old", InstanceState.LOCKED));
    engine.handle(new Event.Sealed("old", BODY, Bytes.ascii("receipt")));
  }

  @Test
  void everyOrderThatTouchesTheWorldIsPrecededByADurableNoteOfItsPhase() {
    toPersist();
    assertThat(orders.stream().filter(Effect::outward)).hasSize(durableAtOrder.size());
    assertThat(durableAtOrder).isSorted().allMatch(size -> size > 0);
    List<Entry> notes = journal.afterCrash();
    assertThat(notes.getLast().phase()).isEqualTo(Phase.PERSIST.number());
    assertThat(notes.getLast().edge()).isEqualTo(Entry.Edge.INTENT);
  }

  @Test
  void aRestartFindsTicketAndReceiptInTheNotes() {
    toPersist();
    Facts.Noted noted = Notes.newest(journal.afterCrash()).orElseThrow();
    assertThat(noted.opId()).isEqualTo(OP);
    assertThat(noted.phase()).isEqualTo(Phase.PERSIST);
    assertThat(noted.ticket()).contains(Bytes.ascii("ticket"));
    assertThat(noted.body()).contains(BODY);
    assertThat(noted.receipt()).contains(Bytes.ascii("receipt"));
    assertThat(noted.ready()).isEmpty();
  }

  private void toFailures(int count) {
    toPersist();
    engine.handle(new Event.Kept(BODY));
    engine.handle(new Event.Answered(Call.REGISTER, OP, 2, Bytes.EMPTY));
    engine.handle(new Event.Destroyed("old"));
    engine.handle(new Event.Reclaimed(""));
    for (int i = 0; i < count; i++) {
      engine.handle(new Event.Born("new" + i));
      engine.handle(new Event.RestoreFailed("new" + i, "SCHEMA", "customers: version 3"));
    }
  }

  @Test
  void pagesThatAreNotBackAreAWarningInTheNotes() {
    toPersist();
    engine.handle(new Event.Kept(BODY));
    engine.handle(new Event.Answered(Call.REGISTER, OP, 2, Bytes.EMPTY));
    engine.handle(new Event.Destroyed("old"));
    engine.handle(new Event.Reclaimed("pages are not back"));
    assertThat(orders.getLast()).isEqualTo(new Effect.Create(OP));
    assertThat(journal.entries())
        .filteredOn(e -> e.edge() == Entry.Edge.FAILED)
        .singleElement()
        .satisfies(e -> {
          assertThat(e.phase()).isEqualTo(Phase.RECLAIM.number());
          assertThat(e.payload()).isEqualTo(Cbor.map().with(Fact.ERROR, "pages are not back"));
        });
  }

  private Facts.Noted noted() {
    return Notes.newest(journal.afterCrash()).orElseThrow();
  }

  @Test
  void failuresWithOneCauseAreCountedAcrossARestart() {
    toFailures(2);
    Facts.Noted noted = Notes.newest(journal.entries()).orElseThrow();
    assertThat(noted.restoreCause()).isEqualTo("SCHEMA");
    assertThat(noted.restoreFailures()).isEqualTo(2);
  }

  @Test
  void aResumeThatWasBegunIsGoneOnWithAfterARestart() {
    toFailures(3);
    assertThat(engine.situation()).isInstanceOf(Situation.Halted.class);
    assertThat(Notes.newest(journal.entries()).orElseThrow().restoreFailures()).isEqualTo(3);
    engine.handle(new Event.ResumeAsked(OP));
    engine.handle(
        new Event.Surveyed(
            new View.Row(
                View.State.SEALED, Kind.RESEAL, OP, 2, Optional.empty(), false, Optional.of(BODY)),
            new Facts(List.of(), Set.of(BODY), Optional.of(noted()))));
    engine.handle(new Event.Reclaimed(""));
    assertThat(orders.getLast()).isInstanceOf(Effect.Create.class);
    assertThat(noted().phase()).isEqualTo(Phase.CREATE);
    assertThat(noted().restoreFailures()).isZero();
    engine.handle(new Event.Born("resumed"));
    engine.handle(new Event.RestoreFailed("resumed", "SCHEMA", "customers: version 3"));
    assertThat(noted().restoreFailures()).isEqualTo(1);
  }

  @Test
  void anAuthorityThatIsNotReadyForDaysCostsNoEntriesAndIsAskedLessAndLessOften() {
    toPersist();
    engine.handle(new Event.Kept(BODY));
    engine.handle(new Event.Answered(Call.REGISTER, OP, 2, Bytes.EMPTY));
    engine.handle(new Event.Destroyed("old"));
    engine.handle(new Event.Reclaimed(""));
    engine.handle(new Event.Born("new"));
    List<Long> pauses = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      engine.handle(new Event.Answered(Call.CHALLENGE, OP, 2, Bytes.ascii("challenge")));
      engine.handle(new Event.GrantAsked("new", Bytes.ascii("evidence")));
      engine.handle(
          new Event.Denied(
              Call.GRANT, new Denial(Code.PERMIT_EXPIRED, "COLLATERAL", "expired", 0, "")));
      Effect.Wait pause = (Effect.Wait) orders.getLast();
      pauses.add(pause.ms());
      engine.handle(new Event.Elapsed(Alarm.BACK_OFF, pause.turn()));
      assertThat(orders.getLast()).isEqualTo(new Effect.Challenge(OP));
    }
    assertThat(journal.entries()).hasSizeLessThan(100);
    assertThat(noted().phase()).isEqualTo(Phase.PROVISION);
    assertThat(pauses).isSorted().startsWith(400L, 800L).endsWith(30_000L);
  }

  @Test
  void anIdleSupervisorWritesNothing() {
    serving();
    int before = journal.entries().size();
    for (int i = 0; i < 100; i++) {
      engine.handle(new Event.Checkpointed("old", BODY));
      engine.handle(new Event.Serving("old", 4711));
    }
    assertThat(journal.entries()).hasSize(before);
  }
}
