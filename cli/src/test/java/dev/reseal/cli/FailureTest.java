package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Whoever asked for an object gets one, whatever the verb has to say. */
class FailureTest {
  @TempDir private Path home;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "status ledger",
        "plan ledger",
        "rotate ledger",
        "rotate ledger --resume",
        "recover ledger",
        "abort ledger",
        "retire ledger",
        "authority keys list ledger",
      })
  void aRefusalIsAnObjectWithTheFactsOfItsLine(String line) {
    refused(line + " --home " + home);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "inspect nowhere",
        "why nowhere --enclave nobody",
        "verify --quote nowhere",
        "proof verify nowhere --authority-spki nobody --root none",
      })
  void soIsThatOfAVerbThatReadsFilesOnly(String line) {
    refused(line);
  }

  private static void refused(String line) {
    List<String> words = new ArrayList<>(List.of(line.split(" ")));
    words.add("--json");
    Run run = Run.of(Reseal.commandLine(words.toArray(String[]::new)), words);
    assertThat(run.code()).as(run.err()).isPositive();
    JsonNode object = JsonMapper.shared().readTree(run.out());
    assertThat(object.get("exit").asInt()).isEqualTo(run.code());
    assertThat(object.get("rule").asString()).isNotEmpty();
    assertThat(run.err()).contains(object.get("detail").asString());
  }

  @Test
  void whatHappenedToAFileIsSaidInWords() {
    assertThat(Failure.words(new NoSuchFileException("/a"))).isEqualTo("/a does not exist");
    assertThat(Failure.words(new UncheckedIOException(new AccessDeniedException("/a"))))
        .isEqualTo("/a is not open to this user");
    assertThat(Failure.words(new DirectoryNotEmptyException("/a")))
        .isEqualTo("/a: DirectoryNotEmptyException");
    assertThat(Failure.words(new IOException("/a: No space left on device")))
        .isEqualTo("/a: No space left on device");
  }
}
