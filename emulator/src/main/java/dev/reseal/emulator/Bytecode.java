package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Refusal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Bytecode that the platform derives from an image's measured sources, so that an instance starts
 * without compiling. It is made once, by the measured interpreter, in {@code bytecode/} of the
 * image's copy; its hashes are kept outside the copy and checked before every start.
 */
final class Bytecode {
  private static final Duration LIMIT = Duration.ofMinutes(3);

  /**
   * Compiles what the image reaches from its boot stub, its application and the SDK: of its own
   * modules whatever they name anywhere, of the standard library what is imported as a module is. A
   * guess from the text is enough; a module that is missed is compiled in memory when it is
   * imported.
   */
  private static final String COMPILER =
      """
      import os, py_compile, re, sys
      root, stdlib = sys.argv[1:3]
      listed = set(sys.stdin.read().splitlines())
      folders = [root + "/site/", root + "/app/", stdlib + "/", root + "/"]
      mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
      block = re.compile(r"^(?=\\S)", re.M)
      late = ("def ", "async def ", "if __name__")
      deep = re.compile(r"^ {5}.*", re.M)
      word = re.compile(r"[\\w.]+")
      statement = re.compile(
          r"^[ \\t]*(?:from[ \\t]+([\\w.]+)[ \\t]+import[ \\t]+(\\([^)]*\\)|[^\\n]*)|import[ \\t]+([\\w., \\t]+))", re.M)
      def paths(module):
          names = [folder + module.replace(".", "/") for folder in folders]
          return [path for name in names for path in (name + ".py", name + "/__init__.py") if path in listed]
      def imported(text, package):
          for origin, parts, plain in statement.findall(text):
              name = origin.lstrip(".")
              if name != origin:
                  above = package[: len(package) - (len(origin) - len(name)) + 1]
                  name = ".".join(above + [name]).strip(".")
              yield from [name + "." + part for part in ["", *word.findall(parts)]] if origin else [
                  part.split()[0] for part in plain.split(",") if part.strip()]
      todo = [path for path in listed if path.startswith(root) and not path.startswith(folders[0])]
      for module in ("reseal", "encodings.utf_8", "encodings.ascii", "encodings.idna", "importlib.machinery", "ctypes"):
          todo += paths(module)
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
          folder = next(each for each in folders if path.startswith(each))
          if folder == folders[2]:
              parts = [part for part in block.split(text) if not part.startswith(late)]
              text = "".join(deep.sub("", part) if part.startswith("class ") else part for part in parts)
          for module in imported(text, os.path.dirname(path[len(folder):]).split("/")):
              parts = module.strip(".").split(".")
              for count in range(1, len(parts) + 1):
                  todo += paths(".".join(parts[:count]))
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
    StringBuilder files = new StringBuilder();
    manifest.files().keySet().forEach(name -> files.append(root.resolve(name)).append('\n'));
    manifest
        .stdlib()
        .keySet()
        .forEach(name -> files.append(interpreter.stdlib().resolve(name)).append('\n'));
    Child.said(builder, files.toString(), LIMIT, "bytecode of the image cannot be derived");
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
