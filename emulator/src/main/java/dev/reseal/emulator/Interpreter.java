package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A Python that runs images: its program, the shared library it may consist of, and its standard
 * library. It is host software in place, named by hash in every manifest and not copied.
 *
 * @param program the real program, behind symbolic links and virtual environments
 * @param libraries shared libraries of the interpreter itself
 * @param stdlib the directory of its standard library
 */
record Interpreter(Path program, List<Path> libraries, Path stdlib) {
  /** Parts of the standard library that no service needs and that would only be hashed. */
  private static final Set<String> LEFT_OUT =
      Set.of(
          "__pycache__",
          "site-packages",
          "dist-packages",
          "test",
          "tests",
          "idlelib",
          "tkinter",
          "turtledemo",
          "lib2to3",
          "ensurepip",
          "pydoc_data",
          "idle_test");

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private static final String QUESTION =
      """
      import os, sys
      print(os.path.dirname(os.__file__))
      with open("/proc/self/maps") as maps:
          for path in sorted({line.split(None, 5)[5].strip() for line in maps if "/libpython" in line}):
              print(path)
      """;

  Interpreter {
    libraries = List.copyOf(libraries);
  }

  /** Asks the program where its parts are; throws {@link IOException} if it is no Python. */
  static Interpreter at(Path program) throws IOException {
    Path real = program.toRealPath();
    ProcessBuilder ask = new ProcessBuilder(real.toString(), "-I", "-S", "-B", "-c", QUESTION);
    ask.environment().clear();
    String failure = "interpreter '" + program + "' does not run as Python";
    List<String> lines = Child.said(ask, "", LIMIT, failure).lines().toList();
    if (lines.isEmpty()) {
      throw new IOException(failure + ": it says nothing");
    }
    List<Path> libraries = lines.stream().skip(1).map(Path::of).toList();
    return new Interpreter(real, libraries, Path.of(lines.getFirst()));
  }

  /** Every source and native module of the standard library: relative name to SHA-256. */
  SortedMap<String, Bytes> library(FileHashes hashes) throws IOException {
    TreeMap<String, Bytes> all = new TreeMap<>();
    Files.walkFileTree(
        stdlib,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes found) {
            String name = directory.getFileName().toString();
            boolean left = LEFT_OUT.contains(name) || name.startsWith("config-");
            return left && !directory.equals(stdlib)
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes found)
              throws IOException {
            String name = file.getFileName().toString();
            if (name.endsWith(".py") || name.endsWith(".so")) {
              all.put(stdlib.relativize(file).toString(), hashes.of(file));
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return all;
  }
}
