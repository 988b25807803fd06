package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Small files, durable on return. Whole ones are, after a crash, the old one or the new one. */
public final class DurableFile {
  private DurableFile() {}

  public static void replace(Path path, Bytes content) throws IOException {
    Path next = path.resolveSibling(path.getFileName() + ".next");
    write(next, content);
    Files.move(next, path, StandardCopyOption.ATOMIC_MOVE);
    syncDirectory(path);
  }

  /**
   * A new file, which its owner alone reads; throws {@link FileAlreadyExistsException} where there
   * is one, also if somebody else was quicker.
   */
  public static void create(Path path, Bytes content) throws IOException {
    Path directory = path.toAbsolutePath().getParent();
    Path next = Files.createTempFile(directory, path.getFileName() + ".", ".next");
    try {
      write(next, content);
      Files.createLink(path, next);
    } finally {
      Files.delete(next);
    }
    syncDirectory(path);
  }

  /** Bytes in the place of others of a file that is there: a crash leaves them torn. */
  static void overwrite(Path path, long offset, Bytes content) throws IOException {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
      file.position(offset);
      write(file, content);
      file.force(false);
    }
  }

  private static void write(Path path, Bytes content) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      write(file, content);
      file.force(true);
    }
  }

  private static void write(FileChannel file, Bytes content) throws IOException {
    ByteBuffer bytes = content.buffer();
    while (bytes.hasRemaining()) {
      file.write(bytes);
    }
  }

  private static void syncDirectory(Path path) throws IOException {
    try (FileChannel directory = FileChannel.open(path.toAbsolutePath().getParent())) {
      directory.force(true);
    }
  }
}
