package dev.reseal.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.fixtures.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What no source line of this project may contain. */
class SourceRulesTest {
  private static final Path ROOT = Checkout.root();

  @Test
  void noPythonSourceOpensAFormatThatRunsCode() throws IOException {
    assertThat(
            lines(".py", "\\b(import|from)\\s+(pickle|marshal|shelve|dill)\\b|\\byaml\\.load\\("))
        .isEmpty();
  }

  @Test
  void noSwitchTurnsSecurityOff() throws IOException {
    assertThat(lines(".java", "\"--(insecure|no-verify|skip-verify|allow-all)")).isEmpty();
    assertThat(lines(".py", "[\"']--(insecure|no-verify|skip-verify)")).isEmpty();
  }

  @Test
  void noWorkIsPutOffInASource() throws IOException {
    assertThat(lines(".java", "//.*\\b(TODO|FIXME|XXX)\\b")).isEmpty();
    assertThat(lines(".py", "#.*\\b(TODO|FIXME|XXX)\\b")).isEmpty();
  }

  private static List<String> lines(String ending, String pattern) throws IOException {
    Pattern forbidden = Pattern.compile(pattern);
    List<String> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(ROOT)) {
      for (Path file : files.filter(path -> isSource(path, ending)).toList()) {
        int number = 0;
        for (String line : Files.readAllLines(file)) {
          number++;
          if (forbidden.matcher(line).find()) {
            found.add(ROOT.relativize(file) + ":" + number + ": " + line.strip());
          }
        }
      }
    }
    return found;
  }

  private static boolean isSource(Path path, String ending) {
    String name = ROOT.relativize(path).toString();
    return name.endsWith(ending)
        && !name.endsWith("SourceRulesTest.java")
        && !name.startsWith("python/tests/")
        && !name.startsWith("python/attacks/") // the baseline and its gadget show what is refused
        && !name.contains("target/")
        && !name.contains(".venv/")
        && !name.contains("__pycache__");
  }
}
