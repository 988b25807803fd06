package dev.reseal.lifecycle;

import static dev.reseal.lifecycle.Play.BODY;
import static dev.reseal.lifecycle.Play.NEW;
import static dev.reseal.lifecycle.Play.OLD;
import static dev.reseal.lifecycle.Play.OP;
import static dev.reseal.lifecycle.Play.answered;
import static dev.reseal.lifecycle.Play.denied;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Candidates: how often they are tried, and what of their failures counts. */
class CandidatesTest {
  @Test
  void aReceiptOutlivesItsInstance() {
    Play play = Play.reseal(Phase.PERSIST).on(new Event.Exited(OLD), new Event.Kept(BODY));
    assertThat(play.last()).containsExactly(new Effect.Submit(Call.REGISTER, Play.RECEIPT));
    play.on(answered(Call.REGISTER, ""));
    assertThat(play.phase()).isEqualTo(Phase.RECLAIM);
    assertThat(play.all()).noneMatch(e -> e instanceof Effect.Destroy);
  }

  @Test
  void threeCandidatesWithOneCauseStopTheOperation() {
    Play play = Play.reseal(Phase.RESTORE);
    for (int i = 0; i < 3; i++) {
      assertThat(play.phase()).isEqualTo(Phase.RESTORE);
      String handle = i == 0 ? NEW : NEW + i;
      play.on(new Event.RestoreFailed(handle, "SCHEMA", "customers has version 3"));
      String next = NEW + (i + 1);
      play.on(
          new Event.Born(next),
          answered(Call.CHALLENGE, ""),
          new Event.GrantAsked(next, Bytes.EMPTY),
          answered(Call.GRANT, ""));
    }
    assertThat(play.situation()).isInstanceOf(Situation.Halted.class);
    assertThat(play.outcomes()).singleElement().isInstanceOf(Outcome.Stopped.class);
    assertThat(ExitCode.of(play.outcomes().getFirst()).number()).isEqualTo(50);
    play.on(new Event.ResumeAsked(OP));
    assertThat(play.situation()).isEqualTo(new Situation.Unsettled(true));
    play.on(
        new Event.Surveyed(
            Play.row(View.State.SEALED, Kind.RESEAL, true),
            Play.facts(Optional.of(Play.noted(Phase.RESTORE, true, true, false, 3)))));
    assertThat(play.phase()).isEqualTo(Phase.RECLAIM);
  }

  @Test
  void differentCausesAreTriedOn() {
    Play play = Play.reseal(Phase.RESTORE);
    play.on(new Event.RestoreFailed(NEW, "SCHEMA", "x"), new Event.Born("b"));
    play.on(new Event.Exited("b"), new Event.Born("c"));
    play.on(new Event.Exited("c"));
    assertThat(play.phase()).isEqualTo(Phase.CREATE);
  }

  @Test
  void epcPressureIsWaitedOutThenStops() {
    Play play = Play.reseal(Phase.CREATE);
    Cause epc = new Cause("EPC", "no pages", "");
    for (int i = 0; i < Limits.CREATES - 1; i++) {
      play.on(new Event.NotCreated(true, epc));
      assertThat(play.last()).singleElement().isInstanceOf(Effect.Wait.class);
      play.on(new Event.Elapsed(Alarm.BACK_OFF, play.turn()));
      assertThat(play.last()).containsExactly(new Effect.Create(OP));
    }
    play.on(new Event.NotCreated(true, epc));
    assertThat(play.situation()).isInstanceOf(Situation.Halted.class);
  }

  @Test
  void aPlatformThatIsAwayForAMomentIsAskedAgainWithoutLongPauses() {
    Play play = Play.reseal(Phase.CREATE);
    for (int i = 0; i < 5; i++) {
      play.on(new Event.NotCreated(true, new Cause("PLATFORM_UNREACHABLE", "", "")));
      assertThat(play.last())
          .containsExactly(
              new Effect.Wait(Alarm.BACK_OFF, Limits.DEFAULT.backOffMs(), play.turn()));
      play.on(new Event.Elapsed(Alarm.BACK_OFF, play.turn()));
    }
  }

  @Test
  void theSameCandidateAnswersAFreshChallengeWhenTheAuthorityKnowsItsNonceNoMore() {
    Play play = Play.reseal(Phase.PROVISION);
    Event unknown =
        new Event.Denied(Call.GRANT, new Denial(Code.BINDING_MISMATCH, "NONCE", "", 0, ""));
    for (int i = 0; i < Limits.CANDIDATES - 1; i++) {
      play.on(unknown);
      play.on(new Event.Elapsed(Alarm.BACK_OFF, play.turn()));
      assertThat(play.last()).containsExactly(new Effect.Challenge(OP));
      play.on(new Event.GrantAsked(NEW, Bytes.ascii("evidence")));
      assertThat(play.phase()).isEqualTo(Phase.PROVISION);
    }
    play.on(unknown);
    assertThat(play.situation()).isInstanceOf(Situation.Halted.class);
  }

  @Test
  void inQuarantineEverythingIsKeptAndTheOperationGoesOnAfterwards() {
    Play takeover = new Play(new Situation.Unsettled(false));
    takeover.on(
        new Event.Surveyed(
            Play.row(View.State.ACTIVE, Kind.GENESIS, true), Play.facts(Optional.empty())));
    Play abort = Play.reseal(Phase.QUIESCE).on(new Event.DrainDeadline(OLD, "DRAIN_DEADLINE"));
    Map<Play, Call> refused =
        Map.of(
            takeover,
            Call.TAKEOVER,
            abort,
            Call.ABORT,
            Play.reseal(Phase.PERSIST),
            Call.REGISTER,
            Play.reseal(Phase.ATTEST),
            Call.CHALLENGE,
            Play.reseal(Phase.PROVISION),
            Call.GRANT,
            Play.reseal(Phase.COMMIT),
            Call.ACTIVATE);
    refused.forEach((play, call) -> {
      play.on(denied(call, Code.QUARANTINED));
      assertThat(play.last()).as("%s", call).containsExactly(new Effect.Survey(0));
      assertThat(play.situation()).isEqualTo(new Situation.Unsettled(false));
    });
  }

  @Test
  void aCandidateMayCallBeforeItsCreationWasAnswered() {
    Play play = Play.reseal(Phase.CREATE).on(new Event.Born(NEW), new Event.Created(NEW));
    assertThat(play.phase()).isEqualTo(Phase.ATTEST);
  }

  @Test
  void aCandidateThatDiesAfterTheCommitIsTakenOverFrom() {
    Play commit = Play.reseal(Phase.COMMIT).on(new Event.Exited(NEW));
    commit.on(answered(Call.ACTIVATE, "activation"));
    assertThat(commit.situation()).isEqualTo(new Situation.Unsettled(false));
    Play resume = Play.reseal(Phase.RESUME).on(new Event.Exited(NEW));
    assertThat(resume.situation()).isEqualTo(new Situation.Unsettled(false));
  }
}
