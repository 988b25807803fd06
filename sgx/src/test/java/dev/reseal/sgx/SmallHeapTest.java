package dev.reseal.sgx;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every committed input of the fuzzer is read once more in a process with a heap of 64 MiB, where
 * the test framework itself would not fit.
 */
class SmallHeapTest {
  private static final Path INPUTS =
      Path.of("src/test/resources/dev/reseal/sgx/ParsersFuzzTestInputs");

  @Test
  void everyCommittedInputIsAnsweredInAHeapOf64Mebibytes() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                Replay.class.getName())
            .redirectErrorStream(true)
            .start();
    String said =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor()).as(said).isZero();
    assertThat(said).isEqualTo(committed() + " inputs");
  }

  private static long committed() throws IOException {
    try (Stream<Path> files = Files.walk(INPUTS)) {
      return files.filter(Files::isRegularFile).count();
    }
  }

  /** The other process. */
  static final class Replay {
    private Replay() {}

    public static void main(String[] arguments) throws Exception {
      int inputs = 0;
      ParsersFuzzTest test = new ParsersFuzzTest();
      for (Method method : ParsersFuzzTest.class.getDeclaredMethods()) {
        if (method.isAnnotationPresent(FuzzTest.class)) {
          for (Path input : inputs(method.getName())) {
            method.invoke(test, (Object) Files.readAllBytes(input));
            inputs++;
          }
        }
      }
      System.out.println(inputs + " inputs");
    }

    private static List<Path> inputs(String name) throws IOException {
      try (Stream<Path> files = Files.list(INPUTS.resolve(name))) {
        return files.sorted().toList();
      }
    }
  }
}
