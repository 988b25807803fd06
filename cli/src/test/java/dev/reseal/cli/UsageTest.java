package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** What does not fit is a mistake of usage, exit code 2, and nothing was touched. */
class UsageTest {
  @TempDir private Path home;

  private Run run(String line) {
    List<String> words = new ArrayList<>(List.of(line.split(" ")));
    words.addAll(List.of("--home", home.toString()));
    return Run.of(Reseal.commandLine(words.toArray(String[]::new)), words);
  }

  private void refused(Run run, String... said) {
    assertThat(run.code()).as(run.err()).isEqualTo(2);
    assertThat(run.err()).contains("USAGE").contains(said);
    assertThat(home).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--drain-ms -5", "--birth-ms 0", "--hold-ms -1", "--checkpoint-ms -1"})
  void aTimeThatNobodyCanWaitIsNamedWithWhatFits(String option) {
    refused(
        run("run --lineage ledger python app.py " + option),
        option.replace(" ", " is ") + "; ",
        " to 86400000");
  }

  @Test
  void aPortThatIsNoneIsNamedWithWhatFits() {
    refused(
        run("run --lineage ledger python app.py --public-port 70000"),
        "--public-port is 70000; 0 to 65535");
    refused(run("authority start --port -1"), "--port is -1; 0 to 65535");
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost:8443", "http://127.0.0.1:8443", "https://", "https://h:70000"})
  void anAuthorityThatIsNoUrlIsNamedWithWhatFits(String url) {
    refused(
        run("status ledger --authority " + url), "--authority is '" + url + "'; https://HOST:PORT");
  }

  @Test
  void anOperationThatIsNoHexIsNamed() {
    refused(run("proof show ledger --out proof --op zz"), "--op is 'zz'");
  }

  @Test
  void aBugIsNotWhatTheWorldRefuses() {
    CommandLine line = Reseal.commandLine("status");
    assertThat(Run.of(failing(line, new IOException("disk full")), List.of("fails")).code())
        .isEqualTo(20);
    Run bug =
        Run.of(
            failing(Reseal.commandLine("status"), new IllegalStateException("no such phase")),
            List.of("fails"));
    assertThat(bug.code()).isEqualTo(1);
    assertThat(bug.err()).contains("a bug: ", "no such phase", "UsageTest");
  }

  @Command
  private record Failing(Exception failure) implements Callable<Integer> {
    @Override
    public Integer call() throws Exception {
      throw failure;
    }
  }

  private static CommandLine failing(CommandLine line, Exception failure) {
    return line.addSubcommand("fails", new Failing(failure));
  }
}
