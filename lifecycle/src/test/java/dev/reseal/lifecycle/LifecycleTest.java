package dev.reseal.lifecycle;

import static dev.reseal.lifecycle.Play.BODY;
import static dev.reseal.lifecycle.Play.NEW;
import static dev.reseal.lifecycle.Play.OLD;
import static dev.reseal.lifecycle.Play.OP;
import static dev.reseal.lifecycle.Play.answered;
import static dev.reseal.lifecycle.Play.asked;
import static dev.reseal.lifecycle.Play.denied;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
  void aDrainDeadlineIsAbortedAndTheOldInstanceServes() {
    Play play = Play.reseal(Phase.QUIESCE).on(new Event.DrainDeadline(OLD));
    assertThat(play.last()).containsExactly(new Effect.Release(OLD), new Effect.Demand(Kind.ABORT));
    play.on(new Event.Entered(OLD, InstanceState.SERVING));
    assertThat(play.situation()).isInstanceOf(Situation.BackingOut.class);
    play.on(answered(Call.ABORT, "abort"));
    play.on(new Event.AdviceRefused(OLD, "abort", "WRONG_STATE"));
    assertThat(play.situation()).isEqualTo(new Situation.Idle(OLD));
    assertThat(play.last()).contains(new Effect.Release(OLD));
    assertThat(play.outcomes().getFirst()).isInstanceOf(Outcome.Aborted.class);
  }

  @Test
  void anInstanceThatServesAgainIsReachedBeforeTheAuthorityHasAnsweredTheAbort() {
    Effect release = new Effect.Release(OLD);
    Play play = Play.reseal(Phase.QUIESCE);
    play.on(new Event.Elapsed(Alarm.DRAIN, turn(play)));
    assertThat(play.last()).doesNotContain(release);
    for (Event serves :
        List.of(new Event.Serving(OLD, 1), new Event.Entered(OLD, InstanceState.SERVING))) {
      assertThat(play.on(serves).last()).containsExactly(release);
      assertThat(play.situation()).isInstanceOf(Situation.BackingOut.class);
    }
    play.on(denied(Call.ABORT, Code.POLICY_REFUSED));
    Situation halted = play.situation();
    assertThat(halted).isInstanceOf(Situation.Halted.class);
    assertThat(play.on(new Event.Serving(OLD, 1)).last()).containsExactly(release);
    assertThat(play.situation()).isEqualTo(halted);
  }

  @ParameterizedTest
  @EnumSource(names = {"QUIESCE", "SNAPSHOT", "PERSIST"})
  void anOperatorCanAbortWhileTheOldInstanceLives(Phase phase) {
    Bytes abortOp = Bytes.zeros(16);
    Play play =
        Play.reseal(phase).on(new Event.Asked(Kind.ABORT, abortOp, Bytes.ascii("abort-request")));
    assertThat(play.last())
        .containsExactly(new Effect.Submit(Call.ABORT, Bytes.ascii("abort-request")));
    play.on(answered(Call.ABORT, "abort"), new Event.Entered(OLD, InstanceState.SERVING));
    assertThat(play.situation()).isEqualTo(new Situation.Idle(OLD));
    assertThat(play.last()).contains(new Effect.Finish(abortOp, new Outcome.Done("")));
  }

  @ParameterizedTest
  @EnumSource(names = {"DESTROY", "CREATE", "RESTORE", "COMMIT", "RESUME", "RETIRE"})
  void anAbortComesTooLateOnceTheOldInstanceIsGone(Phase phase) {
    Play play = Play.reseal(phase);
    Situation before = play.situation();
    play.on(new Event.Asked(Kind.ABORT, Bytes.zeros(16), Bytes.ascii("abort-request")));
    assertThat(play.situation()).isEqualTo(before);
    assertThat(play.outcomes().getFirst()).isInstanceOf(Outcome.Blocked.class);
  }

  @ParameterizedTest
  @EnumSource(Code.class)
  void anAbortThatIsRefusedLeavesTheOperationWhereItWas(Code code) {
    Bytes abortOp = Bytes.zeros(16);
    Play play = Play.reseal(Phase.SNAPSHOT);
    play.on(new Event.Asked(Kind.ABORT, abortOp, Play.REQUEST), denied(Call.ABORT, code));
    assertThat(play.situation()).isEqualTo(new Situation.Unsettled(false));
    assertThat(play.finished(abortOp)).hasExactlyElementsOfTypes(Outcome.Refused.class);
    play.on(
        new Event.Surveyed(
            Play.row(View.State.PREPARED, Kind.RESEAL, true),
            Play.facts(
                Optional.of(Play.noted(Phase.SNAPSHOT, false, true, false, 0)),
                Play.found(OLD, InstanceState.LOCKED))));
    assertThat(play.phase()).isEqualTo(Phase.SNAPSHOT);
    assertThat(play.finished(OP)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"PREFLIGHT", "PERMIT"})
  void anAbortComesTooEarlyBeforeAnythingIsTouched(Phase phase) {
    Play play = Play.reseal(phase);
    Situation before = play.situation();
    play.on(new Event.Asked(Kind.ABORT, Bytes.zeros(16), Play.REQUEST));
    assertThat(play.situation()).isEqualTo(before);
    assertThat(play.outcomes())
        .singleElement()
        .isInstanceOfSatisfying(
            Outcome.Blocked.class, o -> assertThat(o.cause().rule()).isEqualTo("TOO_EARLY"));
  }

  @Test
  void whetherARetireWasDoneIsNotKnownWhenItsInstanceEnds() {
    Play play = Play.idle().on(asked(Kind.RETIRE), new Event.Exited(OLD));
    assertThat(play.outcomes()).hasExactlyElementsOfTypes(Outcome.Blocked.class);
    assertThat(play.last()).contains(new Effect.Park(), new Effect.Survey(0));
  }

  @Test
  void aContainerThatCannotBeKeptIsWrittenAgainThenTheOperationIsAborted() {
    Play play = Play.reseal(Phase.PERSIST);
    Cause torn = new Cause("SYNC_FAILED", "EIO", "");
    play.on(new Event.NotKept(torn));
    assertThat(play.phase()).isEqualTo(Phase.SNAPSHOT);
    assertThat(play.last()).contains(new Effect.Advise(OLD, Verb.SEAL, Bytes.EMPTY));
    play.on(Play.sealed(), new Event.NotKept(torn), Play.sealed(), new Event.NotKept(torn));
    assertThat(play.situation()).isInstanceOf(Situation.BackingOut.class);
  }

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
      play.on(new Event.Elapsed(Alarm.BACK_OFF, turn(play)));
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
          .containsExactly(new Effect.Wait(Alarm.BACK_OFF, Limits.DEFAULT.backOffMs(), turn(play)));
      play.on(new Event.Elapsed(Alarm.BACK_OFF, turn(play)));
    }
  }

  @Test
  void theSameCandidateAnswersAFreshChallengeWhenTheAuthorityKnowsItsNonceNoMore() {
    Play play = Play.reseal(Phase.PROVISION);
    Event unknown =
        new Event.Denied(Call.GRANT, new Denial(Code.BINDING_MISMATCH, "NONCE", "", 0, ""));
    for (int i = 0; i < Limits.CANDIDATES - 1; i++) {
      play.on(unknown);
      play.on(new Event.Elapsed(Alarm.BACK_OFF, turn(play)));
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
    Play abort = Play.reseal(Phase.QUIESCE).on(new Event.DrainDeadline(OLD));
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
  void anOldAlarmIsKnownAsSuch() {
    Play play = Play.reseal(Phase.QUIESCE);
    long drain = turn(play);
    play.on(new Event.Entered(OLD, InstanceState.LOCKED), new Event.Elapsed(Alarm.DRAIN, drain));
    assertThat(play.phase()).isEqualTo(Phase.SNAPSHOT);
  }

  @Test
  void aDeadInstanceIsTakenOverFromAfterTheWait() {
    Play play = Play.idle().on(new Event.Exited(OLD));
    assertThat(play.last()).containsExactly(new Effect.Park(), new Effect.Survey(0));
    play.on(
        new Event.Surveyed(
            Play.row(View.State.ACTIVE, Kind.GENESIS, true), Play.facts(Optional.empty())));
    assertThat(play.last()).contains(new Effect.Demand(Kind.TAKEOVER));
    play.on(denied(Call.TAKEOVER, Code.LEASE_RUNNING));
    assertThat(play.last()).containsExactly(new Effect.Wait(Alarm.LEASE, 250, turn(play)));
    play.on(new Event.Elapsed(Alarm.LEASE, turn(play)));
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
  void aRequestIsNotAnsweredByTheAnswerForAnotherOperation() {
    Bytes other = Bytes.hex("f1f2f3f4f5f6f7f8f9fafbfcfdfeff00");
    Play play = Play.reseal(Phase.PERMIT);
    play.on(new Event.Answered(Call.BEGIN, other, 8, Play.TICKET), answered(Call.TAKEOVER, ""));
    assertThat(play.phase()).isEqualTo(Phase.PERMIT);
    assertThat(play.on(answered(Call.BEGIN, "ticket")).phase()).isEqualTo(Phase.QUIESCE);
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
    play.on(new Event.Elapsed(Alarm.LEASE, turn(play)));
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

  /** The instance comes back only after everybody has given it up. */
  @Test
  void anAbortThatTheInstanceDoesNotHearInTimeEndsEachOfTheTwoOperationsOnce() {
    Bytes abortOp = Bytes.zeros(16);
    Play play = Play.reseal(Phase.SNAPSHOT);
    play.on(new Event.Asked(Kind.ABORT, abortOp, Play.REQUEST), answered(Call.ABORT, "abort"));
    play.on(new Event.Elapsed(Alarm.RESUMPTION, play.waiting(Alarm.RESUMPTION).turn()));
    play.on(
        new Event.Surveyed(
            Play.row(View.State.ACTIVE, Kind.RESEAL, true),
            Play.facts(
                Optional.of(Play.noted(Phase.SNAPSHOT, false, true, false, 0)),
                Play.found(OLD, InstanceState.SERVING))));
    assertThat(play.situation()).isEqualTo(new Situation.Idle(OLD));
    assertThat(play.finished(abortOp)).hasExactlyElementsOfTypes(Outcome.Stopped.class);
    assertThat(play.finished(OP)).hasExactlyElementsOfTypes(Outcome.Aborted.class);
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
  void aCandidateThatDiesAfterTheCommitIsTakenOverFrom() {
    Play commit = Play.reseal(Phase.COMMIT).on(new Event.Exited(NEW));
    commit.on(answered(Call.ACTIVATE, "activation"));
    assertThat(commit.situation()).isEqualTo(new Situation.Unsettled(false));
    Play resume = Play.reseal(Phase.RESUME).on(new Event.Exited(NEW));
    assertThat(resume.situation()).isEqualTo(new Situation.Unsettled(false));
  }

  @Test
  void anAlarmOfAnEarlierOperationIsNotHeard() {
    long stale = turn(Play.reseal(Phase.QUIESCE));
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
        play.on(Everything.fresh(events.get(random.nextInt(events.size())), turn(play)));
      }
    }
  }

  private static long turn(Play play) {
    return play.situation() instanceof Situation.Running(Run run) ? run.turn() : 0;
  }
}
