package dev.reseal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.journal.Entry;
import dev.reseal.lifecycle.Phase;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A recorded trace passes; the same trace with one thing changed, or a table with one row less,
 * does not.
 */
class ReplayTest {
  private static final Replay REPLAY = Replay.ofSpec();
  private static List<Entry> journal = List.of();
  private static List<LogEvent> log = List.of();
  private static List<Replay.Move> moves = List.of();

  @BeforeAll
  static void record() {
    SimWorld world = new SimWorld((_, _, _) -> {});
    world.start();
    world.settle();
    Target target = new Target(SimAuthority.MRENCLAVE, 1, 1, 2, Optional.empty());
    world.ask(
        Requests.genesis(world.authority.status(), target, SimAuthority.OPERATOR), Kind.GENESIS);
    world.settle();
    for (boolean rotate : new boolean[] {true, false}) {
      world.ask(
          Requests.reseal(world.authority.status(), rotate, SimAuthority.OPERATOR), Kind.RESEAL);
      world.settle();
    }
    world.ask(Requests.rekey(world.authority.status(), SimAuthority.OPERATOR), Kind.REKEY);
    world.settle();
    List.copyOf(world.instances.keySet()).forEach(world::kill);
    world.settle();
    SimInvariants.converged(world);
    journal = world.entries();
    log = world.authority.log();
    moves = world.moves;
  }

  @Test
  void whatWasRecordedIsWhatTheTablesAllow() {
    assertThat(REPLAY.together(journal, log)).isEmpty();
    assertThat(REPLAY.instances(moves)).isEmpty();
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
        journal.stream()
            .filter(e -> e.phase() != Phase.CREATE.number() && e.phase() != Phase.ATTEST.number())
            .toList();
    assertThat(REPLAY.journal(fewer)).anyMatch(what -> what.contains("PROVISION"));
  }

  @Test
  void aPhaseWithoutAPermitIsNoticed() {
    assertThat(REPLAY.together(journal, List.of())).anyMatch(what -> what.contains("(T22)"));
  }

  @Test
  void aMoveThatNoRowMakesIsNoticed() {
    assertThat(REPLAY.instances(List.of(new Replay.Move("i1", "LOCKED", "STANDBY")))).hasSize(1);
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
