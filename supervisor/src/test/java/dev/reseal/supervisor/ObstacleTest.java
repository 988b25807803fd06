package dev.reseal.supervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Call;
import dev.reseal.lifecycle.Cause;
import dev.reseal.lifecycle.Denial;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Facts;
import dev.reseal.lifecycle.Phase;
import dev.reseal.lifecycle.Run;
import dev.reseal.lifecycle.Situation;
import dev.reseal.lifecycle.View;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ObstacleTest {
  private static final Bytes OP = Bytes.zeros(16);
  private static final Situation ATTEST = running(Phase.ATTEST);
  private static final Event SLOW_DOWN =
      new Event.Denied(Call.GRANT, new Denial(Code.SLOW_DOWN, "rate", "too many nonces", 5, ""));

  private final List<String> told = new ArrayList<>();
  private final Obstacle obstacle = new Obstacle(told::add);

  private static Situation running(Phase phase) {
    return new Situation.Running(Run.of(Kind.RESEAL, OP, phase, Optional.empty()));
  }

  @Test
  void whatIsTriedAgainAndAgainIsToldOnceAndStands() {
    for (int tried = 0; tried < 3; tried++) {
      obstacle.heard(ATTEST, new Event.Answered(Call.CHALLENGE, OP, 1, Bytes.EMPTY), ATTEST);
      assertThat(obstacle.met()).isEmpty();
      obstacle.heard(ATTEST, SLOW_DOWN, ATTEST);
      assertThat(obstacle.met()).isEqualTo("GRANT: SLOW_DOWN/rate: too many nonces");
    }
    assertThat(told).containsExactly("GRANT: SLOW_DOWN/rate: too many nonces");
  }

  @Test
  void itIsNoneOnceTheNextPhaseHasBegunOrTheOperationIsOver() {
    for (Situation next : List.of(running(Phase.PROVISION), new Situation.Idle("i1"))) {
      obstacle.heard(ATTEST, SLOW_DOWN, ATTEST);
      obstacle.heard(ATTEST, SLOW_DOWN, next);
      assertThat(obstacle.met()).isEmpty();
    }
    assertThat(told).hasSize(2);
  }

  @Test
  void aSurveyThatCannotAskAndAnEnclaveThatDoesNotFitAreNamed() {
    Situation unsettled = new Situation.Unsettled(false);
    Facts facts = new Facts(List.of(), Set.of(), Optional.empty());
    obstacle.heard(
        unsettled,
        new Event.Surveyed(new View.Unreachable("connection refused"), facts),
        unsettled);
    assertThat(Words.detail(unsettled, obstacle.met()))
        .isEqualTo("comparing with the authority; waits: connection refused");
    Situation create = running(Phase.CREATE);
    obstacle.heard(
        create, new Event.NotCreated(true, new Cause("EPC", "12 of 40 pages", "free EPC")), create);
    assertThat(obstacle.met()).isEqualTo("EPC: 12 of 40 pages; free EPC");
  }
}
