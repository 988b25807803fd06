package dev.reseal.lifecycle;

import static dev.reseal.lifecycle.Play.OLD;
import static dev.reseal.lifecycle.Play.OP;
import static dev.reseal.lifecycle.Play.answered;
import static dev.reseal.lifecycle.Play.denied;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Aborts, by an operator or by a drain that fails: what the old instance, its clients and whoever
 * asked see.
 */
class BackOutTest {
  @Test
  void aDrainDeadlineIsAbortedAndTheOldInstanceServes() {
    Play play = Play.reseal(Phase.QUIESCE).on(new Event.DrainDeadline(OLD, "DRAIN_DEADLINE"));
    assertThat(play.last()).containsExactly(new Effect.Release(OLD), new Effect.Demand(Kind.ABORT));
    play.on(new Event.Entered(OLD, InstanceState.SERVING));
    assertThat(play.situation()).isInstanceOf(Situation.BackingOut.class);
    play.on(answered(Call.ABORT, "abort"));
    play.on(new Event.AdviceRefused(OLD, "abort", "WRONG_STATE"));
    assertThat(play.situation()).isEqualTo(new Situation.Idle(OLD));
    assertThat(play.last()).contains(new Effect.Release(OLD));
    assertThat(play.outcomes().getFirst()).isInstanceOf(Outcome.Aborted.class);
  }

  @ParameterizedTest
  @CsvSource({"DRAIN_DEADLINE, requests in flight", "HOOK, the application failed"})
  void whatKeptItFromDrainingIsSaidToWhoeverAsked(String rule, String detail) {
    Play play = Play.reseal(Phase.QUIESCE).on(new Event.DrainDeadline(OLD, rule));
    play.on(new Event.Entered(OLD, InstanceState.SERVING)).on(answered(Call.ABORT, "abort"));
    play.on(new Event.AdviceRefused(OLD, "abort", "WRONG_STATE"));
    assertThat(play.outcomes().getFirst())
        .isInstanceOfSatisfying(
            Outcome.Aborted.class,
            aborted -> {
              assertThat(aborted.cause().rule()).isEqualTo(rule);
              assertThat(aborted.cause().detail()).startsWith(detail);
            });
  }

  @Test
  void anInstanceThatServesAgainIsReachedBeforeTheAuthorityHasAnsweredTheAbort() {
    Effect release = new Effect.Release(OLD);
    Play play = Play.reseal(Phase.QUIESCE);
    play.on(new Event.Elapsed(Alarm.DRAIN, play.turn()));
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
  void aContainerThatCannotBeKeptIsWrittenAgainThenTheOperationIsAborted() {
    Play play = Play.reseal(Phase.PERSIST);
    Cause torn = new Cause("SYNC_FAILED", "EIO", "");
    play.on(new Event.NotKept(torn));
    assertThat(play.phase()).isEqualTo(Phase.SNAPSHOT);
    assertThat(play.last()).contains(new Effect.Advise(OLD, Verb.SEAL, Bytes.EMPTY));
    play.on(Play.sealed(), new Event.NotKept(torn), Play.sealed(), new Event.NotKept(torn));
    assertThat(play.situation()).isInstanceOf(Situation.BackingOut.class);
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
}
