package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Compares with a file; {@code -Dsurefire.argLine=-Drewrite=1} writes it anew, to be reviewed. */
final class Golden {
  private Golden() {}

  static void check(String name, String text) throws IOException {
    Path file = Path.of("src/test/resources/golden", name);
    if (System.getProperty("rewrite") != null) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    }
    assertThat(text).isEqualTo(Files.readString(file));
  }
}
