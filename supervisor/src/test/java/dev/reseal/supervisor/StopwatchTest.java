package dev.reseal.supervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Cause;
import dev.reseal.lifecycle.Phase;
import dev.reseal.lifecycle.Run;
import dev.reseal.lifecycle.Situation;
import dev.reseal.wire.Kind;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StopwatchTest {
  private static final Bytes OP = Bytes.hex("000102030405060708090a0b0c0d0e0f");
  private static final Bytes ABORT = Bytes.hex("ff0102030405060708090a0b0c0d0e0f");
  private static final Stopwatch.Times NONE = new Stopwatch.Times(0, 0);
  private static final Situation IDLE = new Situation.Idle("i1");

  private final Stopwatch stopwatch = new Stopwatch("test", new Followers());

  private static Run run(Phase phase) {
    return Run.of(Kind.RESEAL, OP, phase, Optional.empty());
  }

  @Test
  void theTimesOfAnOperationAreNotThoseOfOneThatNeverBegan() throws InterruptedException {
    Situation running = new Situation.Running(run(Phase.PREFLIGHT));
    stopwatch.changed(IDLE, running, "");
    stopwatch.parked();
    Thread.sleep(2);
    stopwatch.released();
    stopwatch.changed(running, IDLE, "");
    assertThat(stopwatch.times(OP).gapMicros()).isPositive();
    assertThat(stopwatch.times(OP).totalMicros()).isPositive();
    assertThat(stopwatch.times(ABORT)).isEqualTo(NONE);
  }

  @Test
  void anAbortThatWasAskedForHasTheTimesOfWhatItAborts() throws InterruptedException {
    Situation running = new Situation.Running(run(Phase.QUIESCE));
    Situation abort =
        new Situation.BackingOut(
            run(Phase.QUIESCE), new Cause("ASKED", "", ""), Optional.of(ABORT), false);
    stopwatch.changed(IDLE, running, "");
    Thread.sleep(2);
    stopwatch.changed(running, abort, "");
    stopwatch.changed(abort, IDLE, "");
    assertThat(stopwatch.times(ABORT)).isEqualTo(stopwatch.times(OP)).isNotEqualTo(NONE);
  }
}
