package dev.reseal.emulator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.CountDownLatch;

/** A daemon in a process of its own, so that it can be killed and kept short of something. */
final class DaemonProcess {
  private DaemonProcess() {}

  /** Runs {@code rig}'s machine from now on; returns when it does. */
  static Process instead(Rig rig) throws IOException {
    rig.daemon.close();
    Process daemon =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                DaemonProcess.class.getName(),
                rig.home.resolve("platform").toString())
            .redirectError(rig.home.resolve("daemon.log").toFile())
            .start();
    if (!"ready".equals(daemon.inputReader(StandardCharsets.UTF_8).readLine())) {
      throw new AssertionError(log(rig));
    }
    return daemon;
  }

  static String log(Rig rig) {
    try {
      return Files.readString(rig.home.resolve("daemon.log"));
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** Lets it open no descriptor at or above {@code most} from now on. */
  static void descriptors(Process daemon, String most) throws Exception {
    Process limit =
        new ProcessBuilder(
                "prlimit", "--pid", Long.toString(daemon.pid()), "--nofile=" + most + ":")
            .inheritIO()
            .start();
    if (limit.waitFor() != 0) {
      throw new AssertionError("prlimit ends with " + limit.exitValue());
    }
  }

  public static void main(String[] arguments) throws Exception {
    // The first line of a log opens files, which there are none of later.
    System.getLogger("reseal.platform").log(Level.INFO, "daemon of a test");
    try (Daemon _ = Daemon.start(Path.of(arguments[0]), 4096, Clock.systemUTC())) {
      System.out.println("ready");
      new CountDownLatch(1).await();
    }
  }
}
