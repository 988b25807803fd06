package dev.reseal.attack;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.Randomness;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A key server that keeps a key in a file; destroying the key is deleting the file. */
final class NaiveKeyFile {
  private final Path file;
  final NaiveSealing sealing = new NaiveSealing(this::key);

  NaiveKeyFile(Path file) throws IOException {
    this.file = file;
    Files.write(file, Randomness.system().bytes(32).toArray());
  }

  private Secret key() {
    try {
      return Secret.own(Files.readAllBytes(file));
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }

  void destroy() throws IOException {
    Files.delete(file);
  }

  /** The file as a backup has it, and back. */
  Bytes backup() throws IOException {
    return Stage.copy(file);
  }

  void restore(Bytes backup) throws IOException {
    Files.write(file, backup.toArray());
  }
}
