package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One machine that several change at once: commands, and the daemon that runs it. */
class MachineChangesTest {
  private static final int EACH = 5;

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
            .inheritIO()
            .start();
    CompletableFuture<Long> here = CompletableFuture.supplyAsync(() -> changesWhile(other));
    long there = changesWhile(other);
    assertThat(other.waitFor()).isZero();
    assertThat(Machine.read(home).crlNumber())
        .isEqualTo(made.crlNumber() + EACH + there + here.get());
  }

  private long changesWhile(Process other) {
    long changes = 0;
    while (other.isAlive()) {
      change(home);
      changes++;
    }
    return changes;
  }

  private static void change(Path home) {
    try {
      Machine.change(home, old -> old.reissued(Instant.now()));
    } catch (IOException lost) {
      throw new java.io.UncheckedIOException(lost);
    }
  }

  /** Who changes the machine a few times, and ends. */
  static final class OtherProcess {
    private OtherProcess() {}

    public static void main(String[] arguments) {
      for (int i = 0; i < EACH; i++) {
        change(Path.of(arguments[0]));
      }
    }
  }
}
