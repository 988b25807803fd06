package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One machine that several change at once: commands, and the daemon that runs it. */
class MachineChangesTest {
  private static final int EACH = 3;

  @TempDir private Path home;

  @Test
  void changesOfThreadsAndProcessesAtTheSameTimeAreAllKept() throws Exception {
    Machine made = Machine.init(home, PlatformIdentity.FIRST_FMSPC, Instant.now());
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                OtherProcess.class.getName(),
                home.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(other.inputReader(StandardCharsets.UTF_8).readLine()).isEqualTo("first of mine");
    CompletableFuture<Void> here = CompletableFuture.runAsync(() -> change(home, EACH));
    change(home, EACH);
    here.join();
    assertThat(other.waitFor()).isZero();
    assertThat(Machine.read(home).crlNumber()).isEqualTo(made.crlNumber() + 1 + 3 * EACH);
  }

  private static void change(Path home, int times) {
    try {
      for (int i = 0; i < times; i++) {
        Machine.change(home, old -> old.reissued(Instant.now()));
      }
    } catch (IOException lost) {
      throw new UncheckedIOException(lost);
    }
  }

  /** Who says when it has begun to change the machine. */
  static final class OtherProcess {
    private OtherProcess() {}

    public static void main(String[] arguments) {
      change(Path.of(arguments[0]), 1);
      System.out.println("first of mine");
      change(Path.of(arguments[0]), EACH);
    }
  }
}
