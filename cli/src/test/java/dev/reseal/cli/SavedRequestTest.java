package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SavedRequestTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void aFileThatIsMissingIsNamed() {
    Path missing = folder.resolve("missing");
    assertThatThrownBy(() -> SavedRequest.read(missing))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("NO_FILE: " + missing);
  }

  @Test
  void aFileThatNoAuthorityWouldReadIsNotReadEither() throws IOException {
    Path large = Files.write(folder.resolve("large"), new byte[(128 << 10) + 1]);
    assertThatThrownBy(() -> SavedRequest.read(large))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("is not a file of at most 131072 bytes");
  }

  @Test
  void bytesOfSomethingElseAreNoRequest() throws IOException {
    Path other = Files.writeString(folder.resolve("other"), "{}");
    assertThatThrownBy(() -> SavedRequest.read(other))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("REQUEST: " + other + " is not a saved request");
  }
}
