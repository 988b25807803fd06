package dev.reseal.emulator;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A program that is asked something and must answer in time. */
final class Child {
  private static final int MOST = 1 << 24;

  private Child() {}

  /**
   * What {@code program} says on both of its channels until it ends. They are files, and so is what
   * it is given: one that neither reads nor ends keeps nobody waiting beyond {@code limit}. Throws
   * {@link IOException} that begins with {@code failure} if it does not end well in time.
   */
  static String said(ProcessBuilder program, String input, Duration limit, String failure)
      throws IOException {
    Path asked = Files.createTempFile("reseal", ".in");
    Path answer = Files.createTempFile("reseal", ".out");
    try {
      Files.writeString(asked, input);
      Process process =
          program
              .redirectErrorStream(true)
              .redirectInput(asked.toFile())
              .redirectOutput(answer.toFile())
              .start();
      if (!ended(process, limit, failure)) {
        throw new IOException(failure + ": no end within " + limit.toMillis() + " ms");
      }
      String said = read(answer);
      if (process.exitValue() != 0) {
        throw new IOException(failure + ": " + said.substring(said.lastIndexOf('\n') + 1));
      }
      return said;
    } finally {
      Files.deleteIfExists(asked);
      Files.deleteIfExists(answer);
    }
  }

  private static boolean ended(Process process, Duration limit, String failure)
      throws InterruptedIOException {
    try {
      return process.waitFor(limit);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(failure + ": interrupted");
    } finally {
      process.destroyForcibly();
    }
  }

  private static String read(Path answer) throws IOException {
    try (InputStream in = Files.newInputStream(answer)) {
      return new String(in.readNBytes(MOST), StandardCharsets.UTF_8).strip();
    }
  }
}
