package dev.reseal.supervisor;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** The directory of one lineage (transport T8), held by one supervisor at a time. */
final class Home implements AutoCloseable {
  private final Path directory;
  private final FileChannel lock;

  private Home(Path directory, FileChannel lock) {
    this.directory = directory;
    this.lock = lock;
  }

  /**
   * Ports that stay the same, so that instances and clients find a supervisor that comes back.
   *
   * @param serving where clients were let through last, 0 while they are parked
   */
  record Ports(int api, int open, int serving) {}

  static Home open(Path directory) throws IOException, StartException {
    for (Path each :
        List.of(directory, directory.resolve("containers"), directory.resolve("instances"))) {
      Files.createDirectories(
          each, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    FileChannel channel =
        FileChannel.open(
            directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (!locked(channel)) {
      channel.close();
      throw new StartException(
          "SECOND_SUPERVISOR",
          "another supervisor holds " + directory,
          "reseal status shows it; one directory has one supervisor");
    }
    return new Home(directory, channel);
  }

  Path containers() {
    return directory.resolve("containers");
  }

  Path instances() {
    return directory.resolve("instances").toAbsolutePath();
  }

  Path journal() {
    return directory.resolve("journal");
  }

  Path control() {
    return directory.resolve("control.sock");
  }

  /** 0, 0 and 0 before the first start. */
  Ports ports() throws IOException {
    Path file = directory.resolve("ports");
    if (!Files.exists(file)) {
      return new Ports(0, 0, 0);
    }
    String[] words = Files.readString(file).strip().split(" ");
    try {
      return new Ports(port(words[0]), port(words[1]), port(words[2]));
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException garbled) {
      throw new IOException(file + " does not hold three ports", garbled);
    }
  }

  void remember(Ports ports) throws IOException {
    Path fresh = directory.resolve("ports.tmp");
    Files.writeString(fresh, ports.api() + " " + ports.open() + " " + ports.serving() + "\n");
    Files.move(fresh, directory.resolve("ports"), StandardCopyOption.ATOMIC_MOVE);
  }

  private static int port(String word) {
    int port = Integer.parseInt(word);
    if (port < 0 || port > 65_535) {
      throw new NumberFormatException(word + " is no port");
    }
    return port;
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      FileLock held = channel.tryLock();
      return held != null;
    } catch (OverlappingFileLockException sameProcess) {
      return false;
    }
  }
}
