package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Effect;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Lifecycle;
import dev.reseal.lifecycle.Limits;
import dev.reseal.lifecycle.Outcome;
import dev.reseal.lifecycle.Phase;
import dev.reseal.lifecycle.Run.Tries;
import dev.reseal.lifecycle.Situation;
import dev.reseal.supervisor.ControlClient.Result;
import dev.reseal.supervisor.Summary;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Status;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a summary says that an operation cost, and what is said where there is none. */
class OperationReportTest {
  private static final Bytes OP = Bytes.zeros(16);

  private static final Optional<String> HANDLE = Optional.of("a");
  private static final Optional<Bytes> NONE = Optional.empty();
  private static final Bytes ID = Bytes.zeros(32);
  private static final Status STATUS =
      new Status(
          OP,
          "ledger",
          "ACTIVE",
          new Status.Operation(2, 3, 1, Optional.empty(), 0, OP),
          Optional.empty(),
          Optional.empty(),
          new Status.Policy(ID, ID, ID, Optional.of(64L), List.of(), List.of()),
          ID,
          0,
          0,
          new Status.Retirable(List.of(), List.of()));

  private final StringWriter said = new StringWriter();

  private int report(String verb, Result result) {
    return new OperationReport(new PrintWriter(said), false, verb, "ledger").end(result, STATUS);
  }

  private static Result ended(int exit, String word, String rule, String detail) {
    return new Result.Ended(new Summary(exit, word, rule, detail, "", 0, 0, Optional.empty()));
  }

  @ParameterizedTest
  @CsvSource({
    "recover, 0, DONE, at most 64",
    "recover, 20, BLOCKED, 0",
    "recover, 45, REFUSED, 0",
    "recover, 50, STOPPED, at most 64",
    "rotate, 0, DONE, 0",
    "rotate, 10, ABORTED_SAFELY, 0",
    "rotate, 30, HOLD_OVER, 0",
    "rotate, 50, STOPPED, at most 64",
    "abort, 0, DONE, 0",
  })
  void onlyATakeoverLosesUpdatesAndAtMostWhatPolicyAllows(
      String verb, int exit, String word, String lost) {
    assertThat(report(verb, ended(exit, word, "", "no checkpoint yet; nothing retired")))
        .isEqualTo(exit);
    assertThat(said.toString()).contains(", " + lost + " updates lost");
  }

  @ParameterizedTest
  @CsvSource({"RESEAL, RETIRE", "REKEY, PROVISION"})
  void anOperationWhoseInstanceDiesAfterTheCommitLosesWhatItsTakeoverLoses(Kind kind, Phase phase) {
    dev.reseal.lifecycle.Run run =
        new dev.reseal.lifecycle.Run(
            kind, OP, 1, phase, 1, HANDLE, HANDLE, NONE, NONE, NONE, new Tries(0, 0, 0, "", 0));
    Outcome outcome =
        new Lifecycle(Limits.DEFAULT)
            .decide(new Situation.Running(run), new Event.Exited("a")).effects().stream()
                .filter(Effect.Finish.class::isInstance)
                .map(effect -> ((Effect.Finish) effect).outcome())
                .findFirst()
                .orElseThrow();
    assertThat(outcome).isInstanceOf(Outcome.TakingOver.class);
    report("rotate", ended(0, "DONE", "TAKING_OVER", "the new instance ended"));
    assertThat(said.toString()).contains(", at most 64 updates lost");
  }

  @Test
  void aSupervisorThatEndsMidwayLeavesTheResultUnknownAndSaysHowToFindOut() {
    assertThat(report("rotate", new Result.Unknown("the supervisor ended"))).isEqualTo(50);
    assertThat(said.toString())
        .contains("UNKNOWN  SUPERVISOR_ENDED: the supervisor ended", "reseal status ledger");
  }
}
