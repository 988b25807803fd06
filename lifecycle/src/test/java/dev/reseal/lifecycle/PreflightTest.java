package dev.reseal.lifecycle;

import static dev.reseal.lifecycle.Play.NEW;
import static dev.reseal.lifecycle.Play.OLD;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What stops a re-seal before anything is touched (protocol 9.1, PREFLIGHT). */
class PreflightTest {
  @Test
  void t22NothingIsTouchedBeforeThePermit() {
    for (Phase phase : List.of(Phase.PREFLIGHT, Phase.PERMIT)) {
      assertThat(Play.reseal(phase).all())
          .noneMatch(e ->
              e instanceof Effect.Park
                  || e instanceof Effect.Destroy
                  || e instanceof Effect.Advise
                  || e instanceof Effect.Create);
    }
  }

  @Test
  void aFailedPreflightLeavesTheOldInstanceServing() {
    Cause cause = new Cause("DISK_FULL", "needs 20 MiB, has 3 MiB", "free some");
    Play play = Play.reseal(Phase.PREFLIGHT).on(new Event.Unfit(cause));
    assertThat(play.situation()).isEqualTo(new Situation.Idle(OLD));
    assertThat(play.outcomes()).containsExactly(new Outcome.Blocked(cause));
  }

  @Test
  void theActiveInstanceIsAskedForAQuoteAndAboutItsSlotsBeforeThePermit() {
    Play play = Play.reseal(Phase.PREFLIGHT).on(new Event.Fit());
    assertThat(play.phase()).isEqualTo(Phase.PREFLIGHT);
    assertThat(play.last()).contains(new Effect.CheckPlatform(OLD));
    play.on(
        new Event.PlatformChecked(NEW, true), new Event.AdviceRefused(OLD, "renew", "UNAVAILABLE"));
    assertThat(play.phase()).as("others' answers do not count").isEqualTo(Phase.PREFLIGHT);
    play.on(new Event.PlatformChecked(OLD, true));
    assertThat(play.phase()).isEqualTo(Phase.PERMIT);
  }

  @Test
  void aPlatformThatLostItsHalfOrDoesNotQuoteLeavesTheOldInstanceServing() {
    Map<Event, String> found =
        Map.of(
            new Event.PlatformChecked(OLD, false), "PLATFORM_KEY_CHANGED",
            new Event.AdviceRefused(OLD, "plat-check", "UNAVAILABLE"), "UNAVAILABLE");
    found.forEach((event, rule) -> {
      Play play = Play.reseal(Phase.PREFLIGHT).on(new Event.Fit(), event);
      assertThat(play.situation()).isEqualTo(new Situation.Idle(OLD));
      assertThat(play.outcomes())
          .singleElement()
          .isInstanceOfSatisfying(
              Outcome.Blocked.class, why -> assertThat(why.cause().rule()).isEqualTo(rule));
    });
  }

  @Test
  void anInstanceThatDoesNotAnswerThePreflightIsNotWaitedForForEver() {
    Play play = Play.reseal(Phase.PREFLIGHT).on(new Event.Fit());
    Effect.Wait wait = play.waiting(Alarm.PLAT_CHECK);
    play.on(new Event.Elapsed(Alarm.PLAT_CHECK, wait.turn() + 1));
    assertThat(play.phase()).isEqualTo(Phase.PREFLIGHT);
    play.on(new Event.Elapsed(Alarm.PLAT_CHECK, wait.turn()));
    assertThat(play.phase()).isEqualTo(Phase.PERMIT);
  }
}
