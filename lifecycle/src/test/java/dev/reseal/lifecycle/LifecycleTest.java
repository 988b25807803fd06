package dev.reseal.lifecycle;

import static dev.reseal.lifecycle.Play.BODY;
import static dev.reseal.lifecycle.Play.NEW;
import static dev.reseal.lifecycle.Play.OLD;
import static dev.reseal.lifecycle.Play.answered;
import static dev.reseal.lifecycle.Play.asked;
import static dev.reseal.lifecycle.Play.denied;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LifecycleTest {
  @Test
  void aResealGoesThroughThePhasesInOrder() {
    Play play = Play.idle();
    List<Phase> seen = new ArrayList<>();
    for (Phase phase : Phase.values()) {
      if (Phase.PLAN.before(phase)) {
        seen.add(Play.reseal(phase).phase());
      }
    }
    assertThat(seen)
        .containsExactly(
            Phase.PREFLIGHT,
            Phase.PERMIT,
            Phase.QUIESCE,
            Phase.SNAPSHOT,
            Phase.PERSIST,
            Phase.DESTROY,
            Phase.RECLAIM,
            Phase.CREATE,
            Phase.ATTEST,
            Phase.PROVISION,
            Phase.RESTORE,
            Phase.COMMIT,
            Phase.RESUME,
            Phase.RETIRE);
    assertThat(play.phase()).isEqualTo(Phase.IDLE);
  }

  @Test
  void aResealEndsWithTheNewInstanceServing() {
    Play play = Play.reseal(Phase.RETIRE).on(new Event.Checkpointed(NEW, BODY));
    assertThat(play.last()).containsExactly(new Effect.Demand(Kind.RETIRE));
    play.on(answered(Call.RETIRE, "retired"));
    assertThat(play.situation()).isEqualTo(new Situation.Idle(NEW));
    assertThat(play.outcomes()).containsExactly(new Outcome.Done(""));
  }

  @Test
  void theRetireOfAnOperatorIsNotReplacedByOneOfTheHostWhenACheckpointComes() {
    Play play = Play.idle().on(asked(Kind.RETIRE), new Event.Checkpointed(OLD, BODY));
    assertThat(play.last()).isEmpty();
    assertThat(play.all()).noneMatch(e -> e instanceof Effect.Demand);
    play.on(answered(Call.RETIRE, "retired"));
    assertThat(play.situation()).isEqualTo(new Situation.Idle(OLD));
    assertThat(play.outcomes()).containsExactly(new Outcome.Done(""));
  }

  @ParameterizedTest
  @EnumSource(Code.class)
  void everyRefusedPermitLeavesTheOldInstanceServing(Code code) {
    Play play = Play.reseal(Phase.PERMIT).on(denied(Call.BEGIN, code));
    assertThat(play.situation()).isEqualTo(new Situation.Idle(OLD));
    assertThat(play.outcomes()).hasSize(1);
  }

  @Test
  void aSilentAuthorityBeforeThePermitBlocksAndIsAskedAgain() {
    Play play = Play.reseal(Phase.PERMIT).on(new Event.Unanswered(Call.BEGIN, "refused"));
    assertThat(play.situation()).isEqualTo(new Situation.Unsettled(false));
    assertThat(play.outcomes().getFirst()).isInstanceOf(Outcome.Blocked.class);
    play.on(
        new Event.Surveyed(
            Play.row(View.State.PREPARED, Kind.RESEAL, true),
            Play.facts(
                Optional.of(Play.noted(Phase.PERMIT, false, false, false, 0)),
                Play.found(OLD, InstanceState.SERVING))));
    assertThat(play.last()).containsExactly(new Effect.Demand(Kind.ABORT));
  }

  @Test
  void whetherARetireWasDoneIsNotKnownWhenItsInstanceEnds() {
    Play play = Play.idle().on(asked(Kind.RETIRE), new Event.Exited(OLD));
    assertThat(play.outcomes()).hasExactlyElementsOfTypes(Outcome.Blocked.class);
    assertThat(play.last()).contains(new Effect.Park(), new Effect.Survey(0));
  }

  @Test
  void anOldAlarmIsKnownAsSuch() {
    Play play = Play.reseal(Phase.QUIESCE);
    long drain = play.turn();
    play.on(new Event.Entered(OLD, InstanceState.LOCKED), new Event.Elapsed(Alarm.DRAIN, drain));
    assertThat(play.phase()).isEqualTo(Phase.SNAPSHOT);
  }

  @Test
  void aRequestIsNotAnsweredByTheAnswerForAnotherOperation() {
    Bytes other = Bytes.hex("f1f2f3f4f5f6f7f8f9fafbfcfdfeff00");
    Play play = Play.reseal(Phase.PERMIT);
    play.on(new Event.Answered(Call.BEGIN, other, 8, Play.TICKET), answered(Call.TAKEOVER, ""));
    assertThat(play.phase()).isEqualTo(Phase.PERMIT);
    assertThat(play.on(answered(Call.BEGIN, "ticket")).phase()).isEqualTo(Phase.QUIESCE);
  }

  @Test
  void genesisKeepsItsFirstContainerBeforeItIsReady() {
    Play play = new Play(new Situation.Unborn());
    play.on(
        asked(Kind.GENESIS),
        new Event.Fit(),
        answered(Call.BEGIN, ""),
        new Event.Born(NEW),
        answered(Call.CHALLENGE, ""),
        new Event.GrantAsked(NEW, Bytes.EMPTY),
        answered(Call.GRANT, ""),
        new Event.Ready(NEW, Optional.of(BODY), Bytes.ascii("ready")));
    assertThat(play.last()).containsExactly(new Effect.Keep(NEW, BODY));
    play.on(new Event.Kept(BODY));
    assertThat(play.last()).containsExactly(new Effect.Submit(Call.ACTIVATE, Bytes.ascii("ready")));
    play.on(answered(Call.ACTIVATE, ""), new Event.Serving(NEW, 1));
    assertThat(play.situation()).isEqualTo(new Situation.Idle(NEW));
  }

  @Test
  void aRekeyTouchesNoInstance() {
    Play play =
        Play.idle().on(asked(Kind.REKEY), new Event.Fit(), answered(Call.BEGIN, "rekey-grant"));
    assertThat(play.last()).contains(new Effect.Advise(OLD, Verb.RENEW, Bytes.EMPTY));
    play.on(
        new Event.Installed(OLD, 2),
        new Event.Checkpointed(OLD, BODY),
        answered(Call.RETIRE, "retired"));
    assertThat(play.situation()).isEqualTo(new Situation.Idle(OLD));
    assertThat(play.all())
        .noneMatch(e ->
            e instanceof Effect.Park || e instanceof Effect.Destroy || e instanceof Effect.Create);
  }

  @Test
  void aRekeyThatTheApplicationRefusesHoldsOver() {
    Play play =
        Play.idle()
            .on(
                asked(Kind.REKEY),
                new Event.Fit(),
                answered(Call.BEGIN, "rekey-grant"),
                new Event.InstallFailed(OLD, "on_key threw"));
    assertThat(play.situation()).isEqualTo(new Situation.Idle(OLD));
    assertThat(ExitCode.of(play.outcomes().getFirst())).isEqualTo(ExitCode.HOLD_OVER);
  }

  @Test
  void anAlarmOfAnEarlierOperationIsNotHeard() {
    long stale = Play.reseal(Phase.QUIESCE).turn();
    Bytes other = Bytes.hex("f1f2f3f4f5f6f7f8f9fafbfcfdfeff00");
    Play play =
        Play.idle()
            .on(
                new Event.Asked(Kind.RESEAL, other, Play.REQUEST),
                new Event.Fit(),
                new Event.PlatformChecked(OLD, true),
                new Event.Answered(Call.BEGIN, other, 8, Play.TICKET));
    assertThat(play.phase()).isEqualTo(Phase.QUIESCE);
    play.on(new Event.Elapsed(Alarm.DRAIN, stale));
    assertThat(play.situation()).isInstanceOf(Situation.Running.class);
  }

  @Test
  void aSecondOperationIsBusy() {
    Play play = Play.reseal(Phase.SNAPSHOT).on(asked(Kind.RESEAL));
    assertThat(play.phase()).isEqualTo(Phase.SNAPSHOT);
    assertThat(play.outcomes()).singleElement().isInstanceOf(Outcome.Blocked.class);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void whateverHappensInWhateverOrderThereIsADecision(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Event> events = Everything.events();
    for (int game = 0; game < 200; game++) {
      Play play = Play.reseal(Phase.of(1 + random.nextInt(15)));
      for (int step = 0; step < 30; step++) {
        play.on(Everything.fresh(events.get(random.nextInt(events.size())), play.turn()));
      }
    }
  }
}
