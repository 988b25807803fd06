package dev.reseal.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Entry;
import dev.reseal.journal.Entry.Edge;
import dev.reseal.lifecycle.Phase;
import dev.reseal.lifecycle.Verb;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A recorded trace passes; the same trace with one thing changed, or a table with one row less,
 * does not.
 */
class ReplayTest {
  private static final Replay REPLAY = Replay.ofSpec();
  private static List<Entry> journal = List.of();
  private static List<LogEvent> log = List.of();
  private static List<Step> steps = List.of();

  @BeforeAll
  static void record() {
    World world = new World(1, Wiring.PLAIN);
    world.settle();
    for (boolean rotate : new boolean[] {true, false}) {
      Status status = world.authority.status().orElseThrow();
      CrashCell.ask(world, Kind.RESEAL, Requests.reseal(status, rotate, world.authority.operator));
      CrashCell.settleAfter(world);
    }
    Status status = world.authority.status().orElseThrow();
    CrashCell.ask(world, Kind.REKEY, Requests.rekey(status, world.authority.operator));
    CrashCell.settleAfter(world);
    world.nodes().getFirst().obey(Verb.SEAL, Bytes.EMPTY, _ -> Optional.empty());
    world.nodes().forEach(node -> world.kill(node.handle()));
    CrashCell.settleAfter(world);
    journal = world.supervisor.entries();
    log = world.authority.log();
    steps = world.steps;
  }

  @Test
  void whatWasRecordedIsWhatTheTablesAllow() {
    assertThat(REPLAY.together(journal, log)).isEmpty();
    assertThat(REPLAY.steps(steps)).isEmpty();
    assertThat(log).extracting(LogEvent::name).contains("prepare", "takeover", "rekey", "retire");
  }

  static List<String> events() {
    return List.of("begin", "prepare", "register-seal", "grant", "activate", "takeover", "rekey");
  }

  @ParameterizedTest
  @MethodSource("events")
  void aRowThatIsMissingInTheTableIsNoticed(String event) {
    Replay fewer =
        new Replay(
            Table.named("register").without(event),
            Table.named("supervisor"),
            Table.named("instance"));
    assertThat(fewer.log(log)).anyMatch(what -> what.contains(event + " led from"));
  }

  @ParameterizedTest
  @MethodSource("events")
  void anEventThatIsMissingInTheLogIsNoticed(String event) {
    List<LogEvent> fewer = new ArrayList<>(log);
    fewer.remove(log.stream().filter(each -> each.name().equals(event)).findFirst().orElseThrow());
    // A candidate may have been granted or not: no counter and no state tells.
    assertThat(REPLAY.together(journal, fewer).isEmpty()).isEqualTo(event.equals("grant"));
  }

  @Test
  void aSecondActivationIsNoticed() {
    LogEvent activate =
        log.stream().filter(each -> each.name().equals("activate")).toList().getLast();
    List<LogEvent> more = new ArrayList<>(log);
    more.add(activate);
    assertThat(REPLAY.log(more)).anyMatch(what -> what.contains("activate led from ACTIVE"));
  }

  @Test
  void countersThatGoBackAreNoticed() {
    LogEvent last = log.getLast();
    Head head = last.operation();
    Head back = new Head(head.lineage(), head.opId(), head.fence() - 1, head.epoch());
    List<LogEvent> more = new ArrayList<>(log);
    more.add(
        new LogEvent(
            "checkpoint",
            back,
            last.gen(),
            "ACTIVE",
            last.cause(),
            last.bodyId(),
            last.instanceId(),
            List.of(),
            List.of()));
    assertThat(REPLAY.log(more)).anyMatch(what -> what.contains("the fence from"));
  }

  @Test
  void aPhaseThatDoesNotFollowIsNoticed() {
    List<Entry> fewer =
        renumbered(
            journal.stream()
                .filter(
                    e -> e.phase() != Phase.CREATE.number() && e.phase() != Phase.ATTEST.number())
                .toList());
    assertThat(REPLAY.journal(fewer)).anyMatch(what -> what.contains("PROVISION"));
  }

  /** As if nothing had been between. */
  private static List<Entry> renumbered(List<Entry> entries) {
    List<Entry> all = new ArrayList<>();
    for (Entry e : entries) {
      all.add(
          new Entry(
              all.size(), e.wallMs(), e.lineage(), e.opId(), e.phase(), e.edge(), e.payload()));
    }
    return all;
  }

  @Test
  void anEntryThatIsMissingIsNoticed() {
    for (int i = 1; i < journal.size() - 1; i++) {
      List<Entry> fewer = new ArrayList<>(journal);
      Entry gone = fewer.remove(i);
      assertThat(REPLAY.journal(fewer)).as("without %s", gone).isNotEmpty();
    }
  }

  /**
   * One operation: each word is PHASE, PHASE:done or PHASE:failed, with another op_id after "/".
   */
  private static List<Entry> written(String words) {
    List<Entry> all = new ArrayList<>();
    for (String word : words.split(" ")) {
      String[] parts = word.split("/");
      String[] phase = parts[0].split(":");
      Bytes op = Bytes.ascii("operation no. " + (parts.length > 1 ? parts[1] : "01"));
      Edge edge = phase.length > 1 ? Edge.valueOf(phase[1].toUpperCase(Locale.ROOT)) : Edge.INTENT;
      Phase at = Phase.valueOf(phase[0]);
      Bytes id = at == Phase.IDLE ? Bytes.zeros(16) : op;
      Entry like = journal.getFirst();
      all.add(new Entry(all.size(), 0, like.lineage(), id, at.number(), edge, like.payload()));
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PREFLIGHT:done PERMIT PERMIT:done QUIESCE QUIESCE:done SNAPSHOT:done PERSIST",
        "RECLAIM:done CREATE:failed CREATE CREATE:done ATTEST:failed CREATE",
        "PREFLIGHT:done PERMIT PERMIT:done CREATE/02 CREATE:done/02 ATTEST:done/02 PROVISION/02",
        "PERMIT PERMIT",
        "SNAPSHOT COMMIT",
        "IDLE RETIRE RETIRE:done IDLE PREFLIGHT:done/02 PERMIT/02",
        "COMMIT DESTROY",
        "PERMIT PREFLIGHT:done/02",
        "PREFLIGHT:done PERMIT PERMIT:failed PREFLIGHT:done PERMIT PERMIT:done QUIESCE",
        "IDLE RETIRE RETIRE:done PREFLIGHT:done PERMIT",
        "PREFLIGHT:done PERMIT PERMIT:failed PREFLIGHT:done/02 PERMIT/02 PERMIT:failed/02 PREFLIGHT"
      })
  void aJournalThatASupervisorWritesIsReplayed(String words) {
    assertThat(REPLAY.journal(written(words))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // Left without a result, and no recovery takes it up there.
        "RECLAIM CREATE",
        "RECLAIM RECLAIM:done CREATE ATTEST",
        // A result of a phase that did not stand.
        "RECLAIM RECLAIM:done CREATE PROVISION:done",
        // Done, and in it again.
        "RECLAIM RECLAIM:done CREATE:done CREATE",
        // The table has no such next.
        "RECLAIM RECLAIM:done CREATE:done RESTORE",
        "PREFLIGHT:done CREATE",
        // An older operation goes on behind a newer one.
        "PREFLIGHT:done PERMIT PERMIT:done CREATE/02 CREATE:done/02 PREFLIGHT",
        // Asked again while it, or another one, is under way.
        "PREFLIGHT:done PERMIT PERMIT:done PREFLIGHT",
        "PREFLIGHT:done/02 PERMIT/02 PERMIT:failed/02 PREFLIGHT:done PERMIT PREFLIGHT:done/02",
        // A takeover that nobody asked for.
        "IDLE CREATE/02",
        "PREFLIGHT:done CREATE/02",
        "PERMIT CREATE/02",
        "CREATE",
        // Begun in the middle.
        "PREFLIGHT:done ATTEST/02",
        "PREFLIGHT:done RESTORE/02",
        // A result of nothing.
        "IDLE:done"
      })
  void aJournalThatNoSupervisorWritesIsNoticed(String words) {
    assertThat(REPLAY.journal(written(words)))
        .singleElement()
        .asString()
        .startsWith("journal entry " + (words.split(" ").length - 1) + ":");
  }

  @Test
  void aPhaseBeforeTheAuthoritysWordForItIsNoticed() {
    for (Phase phase : Phase.values()) {
      if (Table.named("supervisor").row(phase.name()).isEmpty()) {
        continue;
      }
      String after = Table.named("supervisor").row(phase.name()).getFirst();
      boolean free = after.equals("-");
      List<Entry> taken = written(phase.name());
      Bytes op = taken.getFirst().opId();
      List<LogEvent> word =
          log.stream()
              .filter(event -> List.of(after.split("\\|")).contains(event.name()))
              .limit(1)
              .map(event -> about(op, event))
              .toList();
      JournalReplay told = new JournalReplay(Table.named("supervisor"));
      assertThat(told.beside(taken, word, _ -> 1)).noneMatch(what -> what.contains("(T22)"));
      JournalReplay early = new JournalReplay(Table.named("supervisor"));
      assertThat(early.beside(taken, word, _ -> 0).stream().anyMatch(w -> w.contains("(T22)")))
          .as("%s before %s", phase, after)
          .isEqualTo(!free);
    }
  }

  private static LogEvent about(Bytes op, LogEvent event) {
    Head head = event.operation();
    return new LogEvent(
        event.name(),
        new Head(head.lineage(), op, head.fence(), head.epoch()),
        event.gen(),
        event.state(),
        event.cause(),
        event.bodyId(),
        event.instanceId(),
        event.wrapIds(),
        event.gens());
  }

  @Test
  void aPhaseWithoutAPermitIsNoticed() {
    assertThat(REPLAY.together(journal, List.of())).anyMatch(what -> what.contains("(T22)"));
  }

  @Test
  void javaInstancesRecordedMessagesThatLedOnOnesThatLedNowhereAndRefusals() {
    assertThat(steps).extracting(Step::message).contains("grant", "installed", "drained");
    assertThat(steps).extracting(Step::message).contains("passport", "renew", "checkpoint-ack");
    assertThat(steps)
        .filteredOn(Step::refused)
        .extracting(Step::from, Step::message, Step::to)
        .containsExactly(tuple("SERVING", "seal", "-WRONG_STATE"));
  }

  @Test
  void aStepOfAJavaInstanceThatIsLeftOutIsNoticedIfItLedOn() {
    for (int i = 0; i < steps.size(); i++) {
      Step gone = steps.get(i);
      List<Step> fewer = new ArrayList<>(steps);
      fewer.remove(i);
      boolean last =
          fewer.subList(i, fewer.size()).stream()
              .noneMatch(step -> step.instance().equals(gone.instance()));
      boolean led = !gone.refused() && !gone.to().equals(gone.from());
      assertThat(REPLAY.steps(fewer).isEmpty()).as("without %s", gone).isEqualTo(last || !led);
    }
  }

  /** The life of one instance until it is locked; one message is refused on its way. */
  private static List<Step> life() {
    String id = "5a".repeat(32);
    return Stream.of(
            "BORN challenge BORN",
            "BORN grant RESTORING",
            "RESTORING renew -WRONG_STATE",
            "RESTORING restored STANDBY",
            "STANDBY activation INSTALLING",
            "INSTALLING installed SERVING",
            "SERVING finish QUIESCING",
            "QUIESCING drained LOCKED")
        .map(each -> Step.parse("move " + id + " " + each).orElseThrow())
        .toList();
  }

  @Test
  void aLifeThatTheTableAllowsIsReplayed() {
    assertThat(REPLAY.steps(life())).isEmpty();
  }

  @Test
  void aStepThatIsMissingIsNoticedUnlessItLedNowhere() {
    for (int i = 0; i < life().size() - 1; i++) {
      List<Step> fewer = new ArrayList<>(life());
      Step gone = fewer.remove(i);
      boolean led = !gone.refused() && !gone.to().equals(gone.from());
      assertThat(REPLAY.steps(fewer)).as("without %s", gone).hasSize(led ? 1 : 0);
    }
  }

  @Test
  void aStepThatTheTableDoesNotHaveIsNoticed() {
    Step last = life().getLast();
    for (String doctored :
        List.of("LOCKED seal SERVING", "LOCKED resume SERVING", "LOCKED renew LOCKED")) {
      List<Step> more = new ArrayList<>(life());
      more.add(Step.parse("move " + last.instance() + " " + doctored).orElseThrow());
      assertThat(REPLAY.steps(more)).singleElement().asString().contains("LOCKED led to");
    }
  }

  @Test
  void aRefusalByAnotherRuleIsNoticed() {
    String wrongRule = "move " + "5a".repeat(32) + " BORN grant-other -FENCED";
    assertThat(REPLAY.steps(List.of(Step.parse(wrongRule).orElseThrow())))
        .containsExactly(
            "instance %s: grant-other in BORN led to -FENCED, which is -BINDING_MISMATCH in %s"
                .formatted("5a".repeat(32), Table.named("instance")));
  }

  @Test
  void aLineThatIsCutShortIsNoStep() {
    String line = "move " + "5a".repeat(32) + " BORN grant RESTORING";
    for (String bad : List.of(line.substring(0, 60), line + " x", line.replace("BORN ", ""))) {
      assertThat(Step.claimed(bad)).isTrue();
      assertThat(Step.parse(bad)).as(bad).isEmpty();
    }
  }
}
