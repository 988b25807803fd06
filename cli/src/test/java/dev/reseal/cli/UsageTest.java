package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** What does not fit is a mistake of usage, exit code 2, and nothing was touched. */
class UsageTest {
  private static final Bytes LINEAGE = Bytes.hex("000102030405060708090a0b0c0d0e0f");

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

  @ParameterizedTest
  @ValueSource(
      strings = {"--dry-run", "--save-request F", "--request F", "--keep-key", "--mode rekey"})
  void goingOnWithAnOperationTakesNoOtherChoice(String other) {
    refused(run("rotate ledger --resume " + other), "--resume goes on with what was asked for");
  }

  @Test
  void aSavedRequestIsMadeForTheRungThatItAsksForOnly() throws IOException {
    Path file = home.resolve("request");
    Ask ask =
        new Ask(
            new Head(LINEAGE, Bytes.zeros(16), 3, 2),
            Kind.REKEY,
            Optional.empty(),
            List.of(),
            true,
            Ask.NOTHING);
    SigningKey key = SigningKey.generate(Randomness.system());
    Files.write(file, Signed.sign(Request.of(ask, List.of()), key).cose().toArray());
    SavedRequest saved = new SavedRequest();
    new CommandLine(saved).parseArgs("--request", file.toString());
    assertThat(saved.or(UsageTest::fresh, LINEAGE, Kind.REKEY, key).opId())
        .isEqualTo(ask.head().opId());
    assertThatThrownBy(() -> saved.or(UsageTest::fresh, LINEAGE, Kind.RESEAL, key))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("asks for rekey")
        .hasMessageContaining("not for reseal")
        .hasMessageContaining("--mode");
  }

  private static Requests.Made fresh() {
    throw new IllegalStateException("a saved request was named");
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
