package dev.reseal.lifecycle;

import static dev.reseal.lifecycle.Play.OLD;
import static dev.reseal.lifecycle.Play.answered;
import static dev.reseal.lifecycle.Play.asked;
import static dev.reseal.lifecycle.Play.denied;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Takeovers: asked for by nobody, or by an operator. */
class TakeoverTest {
  @Test
  void aDeadInstanceIsTakenOverFromAfterTheWait() {
    Play play = Play.idle().on(new Event.Exited(OLD));
    assertThat(play.last()).containsExactly(new Effect.Park(), new Effect.Survey(0));
    play.on(
        new Event.Surveyed(
            Play.row(View.State.ACTIVE, Kind.GENESIS, true), Play.facts(Optional.empty())));
    assertThat(play.last()).contains(new Effect.Demand(Kind.TAKEOVER));
    play.on(denied(Call.TAKEOVER, Code.LEASE_RUNNING));
    assertThat(play.last()).containsExactly(new Effect.Wait(Alarm.LEASE, 250, play.turn()));
    play.on(new Event.Elapsed(Alarm.LEASE, play.turn()));
    assertThat(play.last()).containsExactly(new Effect.Demand(Kind.TAKEOVER));
    play.on(answered(Call.TAKEOVER, ""));
    assertThat(play.phase()).isEqualTo(Phase.CREATE);
  }

  /** The instance died while its re-seal was asked for, and a takeover is asked for since. */
  @Test
  void aTakeoverIsNotAnsweredByTheAnswerToTheRequestBeforeIt() {
    for (Event late :
        List.of(
            answered(Call.BEGIN, "ticket"),
            denied(Call.BEGIN, Code.POLICY_REFUSED),
            new Event.Unanswered(Call.BEGIN, "silence"))) {
      Play play = Play.reseal(Phase.PERMIT).on(new Event.Exited(OLD));
      play.on(
          new Event.Surveyed(
              Play.row(View.State.ACTIVE, Kind.GENESIS, true), Play.facts(Optional.empty())));
      Situation asking = play.situation();
      assertThat(play.on(late).situation()).as("%s", late).isEqualTo(asking);
      assertThat(play.last()).isEmpty();
      assertThat(play.on(answered(Call.TAKEOVER, "")).phase()).isEqualTo(Phase.CREATE);
    }
  }

  @Test
  void aTakeoverThatPolicyForbidsWaitsForAnOperator() {
    Play play = new Play(new Situation.Unsettled(false));
    play.on(
        new Event.Surveyed(
            Play.row(View.State.ACTIVE, Kind.GENESIS, true), Play.facts(Optional.empty())),
        denied(Call.TAKEOVER, Code.POLICY_REFUSED));
    assertThat(play.situation()).isInstanceOf(Situation.Halted.class);
    play.on(asked(Kind.TAKEOVER));
    assertThat(play.last()).containsExactly(new Effect.Submit(Call.BEGIN, Play.REQUEST));
    play.on(denied(Call.BEGIN, Code.LEASE_RUNNING));
    play.on(new Event.Elapsed(Alarm.LEASE, play.turn()));
    assertThat(play.last()).containsExactly(new Effect.Submit(Call.BEGIN, Play.REQUEST));
    play.on(answered(Call.BEGIN, ""));
    assertThat(play.phase()).isEqualTo(Phase.CREATE);
  }

  @Test
  void anOperatorsTakeoverThatComesTooLateIsAnswered() {
    for (Code late : List.of(Code.FENCED, Code.WRONG_STATE, Code.QUARANTINED)) {
      Bytes takeoverOp = Bytes.zeros(16);
      Play play = Play.reseal(Phase.CREATE);
      for (int i = 0; i < Limits.CANDIDATES; i++) {
        play.on(new Event.NotCreated(false, new Cause("STILLBORN", "no image", "")));
      }
      assertThat(play.situation()).isInstanceOf(Situation.Halted.class);
      play.on(new Event.Asked(Kind.TAKEOVER, takeoverOp, Play.REQUEST), denied(Call.BEGIN, late));
      assertThat(play.finished(takeoverOp)).hasExactlyElementsOfTypes(Outcome.Refused.class);
      assertThat(play.situation()).isEqualTo(new Situation.Unsettled(false));
    }
  }
}
