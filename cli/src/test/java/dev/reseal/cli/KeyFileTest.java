package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.wire.SigningKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The keys of a host are there whole or not at all. */
class KeyFileTest {
  @TempDir private Path home;

  @Test
  void aKeyIsForItsOwnerOnlyAndTheSameEveryTime() throws IOException {
    Path file = home.resolve("made").resolve("key.pem");
    SigningKey made = KeyFile.readOrMake(file);
    assertThat(KeyFile.readOrMake(file).kid()).isEqualTo(made.kid());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (var files = Files.list(file.getParent())) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void aKeyThatTheDiskHadNoRoomForIsMadeByTheNextWhoNeedsIt() throws Exception {
    Process full =
        new ProcessBuilder(
                "sh",
                "-c",
                "ulimit -f 0; exec \"$@\"",
                "sh",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-UsePerfData",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Reseal.class.getName(),
                "authority",
                "init",
                "--home",
                home.toString())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    String said = new String(full.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(full.waitFor()).as(said).isEqualTo(20);
    Path operator = home.resolve("operator").resolve("operator.pem");
    assertThat(operator).as(said).doesNotExist();
    assertThat(KeyFile.readOrMake(operator).kid()).isEqualTo(KeyFile.read(operator).kid());
  }
}
