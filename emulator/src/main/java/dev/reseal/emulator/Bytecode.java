package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Bytecode that the platform derives from an image's measured sources, so that an instance starts
 * without compiling. It is made once, by the measured interpreter, in {@code bytecode/} of the
 * image's copy; its hashes are kept outside the copy and checked before every start.
 */
final class Bytecode {
  private static final int MINUTES = 3;

  /**
   * Compiles what the image can reach: its own modules, and those of the standard library that they
   * name, directly or not. A guess from the text is enough; a module that is missed is compiled in
   * memory when it is imported.
   */
  private static final String COMPILER =
      """
      import importlib.util, os, py_compile, re, sys
      root, stdlib = sys.argv[1:3]
      listed = set(sys.stdin.read().splitlines())
      name = re.compile(r"^[ \\t]*(?:from[ \\t]+([\\w.]+)[ \\t]+import|import[ \\t]+([\\w., \\t]+))", re.M)
      mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
      def named(module):
          base = stdlib + "/" + module.replace(".", "/")
          return [path for path in (base + ".py", base + "/__init__.py") if path in listed]
      todo = [path for path in listed if path.startswith(root)]
      for module in ("encodings.utf_8", "encodings.ascii", "encodings.idna", "importlib.machinery", "ctypes"):
          todo += named(module)
      done = set()
      while todo:
          path = todo.pop()
          if path in done or not path.endswith(".py"):
              continue
          done.add(path)
          try:
              py_compile.compile(path, doraise=True, invalidation_mode=mode)
          except py_compile.PyCompileError:
              continue
          with open(path, encoding="utf-8", errors="replace") as source:
              text = source.read()
          package = os.path.dirname(os.path.relpath(path, stdlib)).replace("/", ".")
          for origin, plain in name.findall(text):
              for module in [origin] if origin else [part.split()[0] for part in plain.split(",") if part.strip()]:
                  absolute = module if not module.startswith(".") else package + "." + module.lstrip(".")
                  parts = absolute.strip(".").split(".")
                  for count in range(1, len(parts) + 1):
                      todo += named(".".join(parts[:count]))
              if origin.startswith(".") and path.startswith(stdlib):
                  folder = os.path.dirname(path)
                  todo += [other for other in listed if os.path.dirname(other) == folder]
      """;

  private Bytecode() {}

  /** The folder that the interpreter is given as {@code pycache_prefix}. */
  static Path folder(Path root) {
    return root.resolve("bytecode");
  }

  /** Compiles and records; throws {@link IOException} if the interpreter fails. */
  static void derive(Path root, Interpreter interpreter, Manifest manifest) throws IOException {
    Files.createDirectories(folder(root));
    List<String> command =
        List.of(
            interpreter.program().toString(),
            "-I",
            "-S",
            "-X",
            "pycache_prefix=" + folder(root),
            "-c",
            COMPILER,
            root.toString(),
            interpreter.stdlib().toString());
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().clear();
    builder.redirectErrorStream(true);
    Process process = builder.start();
    try (OutputStream out = process.getOutputStream()) {
      for (String name : manifest.files().keySet()) {
        out.write((root.resolve(name) + "\n").getBytes(StandardCharsets.UTF_8));
      }
      for (String name : manifest.stdlib().keySet()) {
        out.write((interpreter.stdlib().resolve(name) + "\n").getBytes(StandardCharsets.UTF_8));
      }
    }
    String said;
    try (InputStream in = process.getInputStream()) {
      said = new String(in.readNBytes(1 << 16), StandardCharsets.UTF_8).strip();
    }
    try {
      if (!process.waitFor(MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new IOException("bytecode of the image cannot be derived: " + said);
      }
    } catch (InterruptedException stop) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while deriving bytecode", stop);
    }
    Files.write(record(root), List.of(hash(root).toHex()));
  }

  /** Refuses when a file of the derived bytecode is missing, more, or another. */
  static void require(Path root) throws RefusedException {
    try {
      if (!Files.readAllLines(record(root)).equals(List.of(hash(root).toHex()))) {
        throw new RefusedException(
            Refusal.IMAGE_CHANGED, "derived bytecode in " + folder(root) + " was changed");
      }
    } catch (IOException failed) {
      throw new RefusedException(
          Refusal.IMAGE_CHANGED, "derived bytecode cannot be checked: " + failed);
    }
  }

  /** Whether the copy was finished: the record of the bytecode is written last. */
  static boolean isFinished(Path root) {
    return Files.exists(root) && Files.exists(record(root));
  }

  private static Path record(Path root) {
    return root.resolveSibling(root.getFileName() + ".bytecode");
  }

  private static Bytes hash(Path root) throws IOException {
    TreeMap<String, Bytes> all = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder(root))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        all.put(root.relativize(file).toString(), FileHashes.fresh(file));
      }
    }
    List<Bytes> parts = new ArrayList<>();
    all.forEach((name, hash) -> {
      parts.add(Bytes.wrap(name.getBytes(StandardCharsets.UTF_8)));
      parts.add(hash);
    });
    return Bytes.sha256(parts.toArray(Bytes[]::new));
  }
}
