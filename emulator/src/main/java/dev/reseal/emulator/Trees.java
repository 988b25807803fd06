package dev.reseal.emulator;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;

/** Directory trees that are written once: sealed after writing, deleted whole. */
final class Trees {
  private Trees() {}

  /** Files to 0400 and directories to 0500, so that a stray write fails. */
  static void seal(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      for (Path each : all.toList()) {
        String mode = Files.isDirectory(each) ? "r-x------" : "r--------";
        Files.setPosixFilePermissions(each, PosixFilePermissions.fromString(mode));
      }
    }
  }

  /** Deletes the tree if it is there, sealed or not. */
  static void delete(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes found)
              throws IOException {
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes found)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, java.io.IOException failed)
              throws IOException {
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
