package dev.reseal.lifecycle;

import static dev.reseal.lifecycle.Play.BODY;
import static dev.reseal.lifecycle.Play.NEW;
import static dev.reseal.lifecycle.Play.OLD;
import static dev.reseal.lifecycle.Play.OP;
import static dev.reseal.lifecycle.Play.facts;
import static dev.reseal.lifecycle.Play.found;
import static dev.reseal.lifecycle.Play.noted;
import static dev.reseal.lifecycle.Play.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Kind;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The rows of protocol 13, in their order. */
class RecoveryTest {
  private static final Optional<Facts.Noted> NOTHING = Optional.empty();

  private static final View ELSEWHERE =
      new View.Row(
          View.State.ACTIVE,
          Kind.MIGRATE,
          OP,
          9,
          Optional.of(Play.id("far")),
          false,
          Optional.of(BODY));

  /** Of another operation, with a receipt. */
  private static Facts.Noted of(Bytes opId, Phase phase) {
    return new Facts.Noted(
        opId,
        phase,
        Optional.of(BODY),
        Optional.of(Play.RECEIPT),
        Optional.empty(),
        Optional.empty(),
        "",
        0);
  }

  private static Play survey(View view, Facts facts) {
    return new Play(new Situation.Unsettled(false)).on(new Event.Surveyed(view, facts));
  }

  @Test
  void emptyWaitsForItsGenesis() {
    Play play = survey(row(View.State.EMPTY, Kind.POLICY, false), facts(NOTHING));
    assertThat(play.situation()).isEqualTo(new Situation.Unborn());
  }

  @Test
  void sealedGenesisCreates() {
    Play play = survey(row(View.State.SEALED, Kind.GENESIS, false), facts(NOTHING));
    assertThat(play.on(new Event.Reclaimed("")).last()).containsExactly(new Effect.Create(OP));
  }

  @Test
  void activeAndServingClosesTheOperationAndDropsCandidates() {
    Play play =
        survey(
            row(View.State.ACTIVE, Kind.RESEAL, true),
            facts(NOTHING, found(OLD, InstanceState.SERVING), found(NEW, InstanceState.STANDBY)));
    assertThat(play.situation()).isEqualTo(new Situation.Idle(OLD));
    assertThat(play.last())
        .startsWith(new Effect.Destroy(NEW), new Effect.Release(OLD), new Effect.Tidy());
  }

  @Test
  void aRekeyThatTheInstanceMayNotHaveHeardOfIsGrantedAgain() {
    Optional<Facts.Noted> cut = Optional.of(noted(Phase.PERMIT, false, true, false, 0));
    Play play =
        survey(
            row(View.State.ACTIVE, Kind.REKEY, true),
            facts(cut, found(OLD, InstanceState.SERVING)));
    assertThat(play.last())
        .containsExactly(new Effect.Release(OLD), new Effect.Submit(Call.BEGIN, Play.TICKET));
    play.on(Play.answered(Call.BEGIN, "rekey-grant"), new Event.Installed(OLD, 2));
    assertThat(play.all())
        .contains(new Effect.Advise(OLD, Verb.REKEY_GRANT, Bytes.ascii("rekey-grant")));
    assertThat(play.phase()).isEqualTo(Phase.RETIRE);
  }

  @Test
  void whoeverAskedBeforeAnInterruptionIsToldHowItEnded() {
    Optional<Facts.Noted> finished = Optional.of(noted(Phase.COMMIT, true, true, true, 0));
    Play serves =
        survey(
            row(View.State.ACTIVE, Kind.RESEAL, true),
            facts(finished, found(OLD, InstanceState.SERVING)));
    assertThat(serves.outcomes()).hasExactlyElementsOfTypes(Outcome.Done.class);
    Play gone = survey(row(View.State.ACTIVE, Kind.RESEAL, true), facts(finished));
    assertThat(gone.outcomes()).hasExactlyElementsOfTypes(Outcome.Stopped.class);
  }

  @Test
  void whoeverAskedIsToldWhenNothingComesOfItAnyMore() {
    Optional<Facts.Noted> asked = Optional.of(noted(Phase.SNAPSHOT, false, true, false, 0));
    View.Row closed = row(View.State.CLOSED, Kind.CLOSE, true);
    View.Row empty = row(View.State.EMPTY, Kind.GENESIS, false);
    for (View view : List.of(closed, empty, ELSEWHERE, new View.Unknown())) {
      Play play = survey(view, facts(asked, found(OLD, InstanceState.LOCKED)));
      assertThat(play.finished(OP))
          .as("%s", view)
          .hasSize(1)
          .noneMatch(Outcome.Done.class::isInstance);
    }
  }

  @Test
  void whoeverAskedIsToldWhenAnotherOperationGoesOnInItsPlace() {
    Bytes replaced = Bytes.zeros(16);
    Facts facts = facts(Optional.of(of(replaced, Phase.PERMIT)), found(OLD, InstanceState.LOCKED));
    for (View.State state : List.of(View.State.PREPARED, View.State.SEALED)) {
      Play play = survey(row(state, Kind.RESEAL, true), facts);
      assertThat(play.finished(replaced)).hasExactlyElementsOfTypes(Outcome.Refused.class);
      assertThat(play.situation()).isInstanceOf(Situation.Running.class);
    }
  }

  @Test
  void anOperationThatWasAbortedIsNotToldToBeDone() {
    Optional<Facts.Noted> aborted = Optional.of(noted(Phase.SNAPSHOT, false, true, false, 0));
    Play play =
        survey(
            row(View.State.ACTIVE, Kind.RESEAL, true),
            facts(aborted, found(OLD, InstanceState.SERVING)));
    assertThat(play.finished(OP)).hasExactlyElementsOfTypes(Outcome.Aborted.class);
  }

  @Test
  void activeAndLockedHearsItsAbort() {
    Play play =
        survey(
            row(View.State.ACTIVE, Kind.RESEAL, true),
            facts(NOTHING, found(OLD, InstanceState.LOCKED)));
    assertThat(play.last()).containsExactly(new Effect.Fetch(Call.FETCH_ABORT, OP));
    play.on(Play.answered(Call.FETCH_ABORT, "abort"));
    assertThat(play.last()).contains(new Effect.Advise(OLD, Verb.ABORT, Bytes.ascii("abort")));
    play.on(new Event.Entered(OLD, InstanceState.SERVING));
    assertThat(play.situation()).isEqualTo(new Situation.Idle(OLD));
  }

  @Test
  void activeAndStandbyHearsItsActivation() {
    Play play =
        survey(
            row(View.State.ACTIVE, Kind.RESEAL, true),
            facts(NOTHING, found(OLD, InstanceState.STANDBY)));
    assertThat(play.last()).containsExactly(new Effect.Fetch(Call.FETCH_ACTIVATION, OP));
    play.on(Play.answered(Call.FETCH_ACTIVATION, "activation"));
    assertThat(play.last())
        .contains(new Effect.Advise(OLD, Verb.ACTIVATION, Bytes.ascii("activation")));
  }

  @ParameterizedTest
  @EnumSource(
      value = View.State.class,
      names = {"ACTIVE", "PREPARED"})
  void anActiveInstanceThatIsGoneIsTakenOverFrom(View.State state) {
    Play play = survey(row(state, Kind.RESEAL, true), facts(NOTHING));
    assertThat(play.last()).startsWith(new Effect.Park(), new Effect.Demand(Kind.TAKEOVER));
  }

  @Test
  void preparedAndServingGoesOnWhileTheTicketIsKnown() {
    Play play =
        survey(
            row(View.State.PREPARED, Kind.RESEAL, true),
            facts(
                Optional.of(noted(Phase.QUIESCE, false, true, false, 0)),
                found(OLD, InstanceState.SERVING)));
    assertThat(play.phase()).isEqualTo(Phase.QUIESCE);
    assertThat(play.last()).contains(new Effect.Advise(OLD, Verb.FINISH, Play.TICKET));
  }

  @Test
  void preparedAndServingWithoutATicketIsAborted() {
    Play play =
        survey(
            row(View.State.PREPARED, Kind.RESEAL, true),
            facts(NOTHING, found(OLD, InstanceState.SERVING)));
    assertThat(play.last()).containsExactly(new Effect.Demand(Kind.ABORT));
  }

  @Test
  void preparedAndLockedWithoutAFileSealsAgain() {
    Facts torn =
        new Facts(
            List.of(found(OLD, InstanceState.LOCKED)),
            Set.of(),
            Optional.of(noted(Phase.PERSIST, true, true, false, 0)));
    Play play = survey(row(View.State.PREPARED, Kind.RESEAL, true), torn);
    assertThat(play.phase()).isEqualTo(Phase.SNAPSHOT);
    assertThat(play.last()).contains(new Effect.Advise(OLD, Verb.SEAL, Bytes.EMPTY));
  }

  @Test
  void preparedWithFileAndReceiptRegistersAliveOrDead() {
    Optional<Facts.Noted> receipt = Optional.of(noted(Phase.PERSIST, true, true, false, 0));
    for (Facts facts : List.of(facts(receipt), facts(receipt, found(OLD, InstanceState.LOCKED)))) {
      Play play = survey(row(View.State.PREPARED, Kind.RESEAL, true), facts);
      assertThat(play.last()).contains(new Effect.Submit(Call.REGISTER, Play.RECEIPT));
    }
  }

  @Test
  void aReceiptOfAnotherOperationDoesNotCount() {
    Facts.Noted other = of(Bytes.zeros(16), Phase.PERSIST);
    Play play = survey(row(View.State.PREPARED, Kind.RESEAL, true), facts(Optional.of(other)));
    assertThat(play.last()).contains(new Effect.Demand(Kind.TAKEOVER));
  }

  @Test
  void sealedWithAStandbyCandidateRepeatsItsReady() {
    Play play =
        survey(
            row(View.State.SEALED, Kind.RESEAL, true),
            facts(
                Optional.of(noted(Phase.COMMIT, true, false, true, 0)),
                found(NEW, InstanceState.STANDBY)));
    assertThat(play.phase()).isEqualTo(Phase.COMMIT);
    assertThat(play.last()).contains(new Effect.Submit(Call.ACTIVATE, Bytes.ascii("ready")));
  }

  @Test
  void sealedWithoutAUsableCandidateCreatesOne() {
    Play play =
        survey(
            row(View.State.SEALED, Kind.RESEAL, true),
            facts(NOTHING, found(NEW, InstanceState.RESTORING)));
    assertThat(play.last()).contains(new Effect.Destroy(NEW), new Effect.Reclaim());
  }

  @Test
  void sealedWithTheOldInstanceAliveDestroysItFirst() {
    Play play =
        survey(
            row(View.State.SEALED, Kind.RESEAL, true),
            facts(NOTHING, found(OLD, InstanceState.LOCKED)));
    assertThat(play.phase()).isEqualTo(Phase.DESTROY);
    assertThat(play.last()).contains(new Effect.Destroy(OLD));
  }

  @Test
  void sealedAfterThreeFailuresAbortsWhileTheOldInstanceLivesElseStops() {
    Optional<Facts.Noted> hopeless = Optional.of(noted(Phase.RESTORE, true, false, false, 3));
    Play alive =
        survey(
            row(View.State.SEALED, Kind.RESEAL, true),
            facts(hopeless, found(OLD, InstanceState.LOCKED)));
    assertThat(alive.last()).contains(new Effect.Demand(Kind.ABORT));
    Play gone = survey(row(View.State.SEALED, Kind.RESEAL, true), facts(hopeless));
    assertThat(gone.situation()).isInstanceOf(Situation.Halted.class);
  }

  @Test
  void aGenesisThatCannotBeAdmittedIsAborted() {
    Optional<Facts.Noted> hopeless = Optional.of(noted(Phase.RESTORE, false, false, false, 3));
    Play play = survey(row(View.State.SEALED, Kind.GENESIS, false), facts(hopeless));
    assertThat(play.last()).containsExactly(new Effect.Demand(Kind.ABORT));
    play.on(Play.answered(Call.ABORT, "abort"));
    assertThat(play.situation()).isEqualTo(new Situation.Unborn());
    assertThat(play.finished(OP)).hasExactlyElementsOfTypes(Outcome.Aborted.class);
  }

  @Test
  void sealedWithoutItsFileAbortsWhileTheOldInstanceLivesElseReportsTheBody() {
    Facts alive = new Facts(List.of(found(OLD, InstanceState.LOCKED)), Set.of(), NOTHING);
    assertThat(survey(row(View.State.SEALED, Kind.RESEAL, true), alive).last())
        .contains(new Effect.Demand(Kind.ABORT));
    Facts gone = new Facts(List.of(), Set.of(), NOTHING);
    Play play = survey(row(View.State.SEALED, Kind.RESEAL, true), gone);
    assertThat(play.situation())
        .isInstanceOfSatisfying(
            Situation.Halted.class, h -> assertThat(h.cause().detail()).contains(BODY.toHex()));
  }

  @Test
  void quarantineAndSilenceDestroyNothing() {
    for (View view : List.of(new View.Quarantined(), new View.Unreachable("timeout"))) {
      Play play =
          survey(
              view,
              facts(NOTHING, found(OLD, InstanceState.SERVING), found(NEW, InstanceState.STANDBY)));
      assertThat(play.last()).noneMatch(Effect::outward).contains(new Effect.Release(OLD));
    }
  }

  @Test
  void anInstanceElsewhereIsActiveSoMineAreDestroyed() {
    Play play = survey(ELSEWHERE, facts(NOTHING, found(OLD, InstanceState.LOCKED)));
    assertThat(play.last()).containsExactly(new Effect.Destroy(OLD));
    assertThat(play.situation()).isInstanceOf(Situation.Aside.class);
  }

  @Test
  void anUnknownLineageIsSaidToBeSo() {
    Play play = survey(new View.Unknown(), facts(NOTHING));
    assertThat(play.situation())
        .isInstanceOfSatisfying(
            Situation.Aside.class, a -> assertThat(a.cause().rule()).isEqualTo("UNKNOWN_LINEAGE"));
  }
}
