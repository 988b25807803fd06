package dev.reseal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.fixtures.Checkout;
import dev.reseal.wire.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Scripts rely on docs/reference/exit-codes.md: what it says of each code is what the code does.
 */
class ExitCodesPageTest {
  private static final Pattern ROW = Pattern.compile("^\\| ([^|]+) \\| (\\d+) \\|$");
  private static final Pattern NUMBERS = Pattern.compile("\\b(1\\d\\d)(?:–(1\\d\\d))?\\b");

  @Test
  void everyWireCodeEndsWithTheExitCodeOfThePage() throws IOException {
    Map<Integer, Integer> page = new TreeMap<>();
    for (String line : page()) {
      Matcher row = ROW.matcher(line);
      if (row.matches() && !row.group(1).contains("with rule")) {
        Matcher each = NUMBERS.matcher(row.group(1));
        while (each.find()) {
          int first = Integer.parseInt(each.group(1));
          int last = each.group(2) == null ? first : Integer.parseInt(each.group(2));
          for (int code = first; code <= last; code++) {
            assertThat(page.put(code, Integer.parseInt(row.group(2))))
                .as("%d twice", code)
                .isNull();
          }
        }
      }
    }
    Map<Integer, Integer> program = new TreeMap<>();
    Arrays.stream(Code.values())
        .forEach(code -> program.put(code.number(), exit(code, "any").number()));
    assertThat(program).isEqualTo(page);
    assertThat(exit(Code.PLATFORM_REFUSED, "emulated-root").number()).isEqualTo(44);
  }

  @Test
  void everyExitCodeIsOnThePage() throws IOException {
    List<Integer> said = new ArrayList<>();
    for (String line : page()) {
      Matcher number = Pattern.compile("^\\| (\\d+) \\| [^|]+ \\| [^|]+ \\|$").matcher(line);
      if (number.matches()) {
        said.add(Integer.parseInt(number.group(1)));
      }
    }
    assertThat(said).containsAll(Arrays.stream(ExitCode.values()).map(ExitCode::number).toList());
  }

  private static ExitCode exit(Code code, String rule) {
    return ExitCode.of(new Denial(code, rule, "", 0, ""));
  }

  private static List<String> page() throws IOException {
    return Files.readAllLines(Checkout.file("docs/reference/exit-codes.md"));
  }
}
