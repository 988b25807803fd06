package dev.reseal.emulator;

import dev.reseal.platform.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Declares the image of a Python application: its folder's sources under {@code app/}, the SDK
 * under {@code site/reseal/}, and the packages it needs, file by file, from the interpreter's own
 * environment.
 */
public final class ImageBuilder {
  /** What the SDK itself imports from outside the standard library. */
  public static final List<String> SDK_PACKAGES =
      List.of("cryptography", "cbor2", "cffi", "_cffi_backend");

  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** Prints, for each distribution-independent module name, the files that it consists of. */
  private static final String FIND =
      """
      import importlib.util, os, sys
      print("program", os.path.realpath(sys.executable), sep="\\t")
      for name in sys.argv[1:]:
          spec = importlib.util.find_spec(name)
          if spec is None:
              raise SystemExit("no module named " + name + " in " + sys.prefix)
          if spec.submodule_search_locations is None:
              print("file", os.path.basename(spec.origin), spec.origin, sep="\\t")
              continue
          for folder in spec.submodule_search_locations:
              base = os.path.dirname(folder)
              for top, folders, files in os.walk(folder):
                  folders[:] = [each for each in folders if each != "__pycache__"]
                  for each in files:
                      if each.endswith((".py", ".so")) or ".so." in each:
                          path = os.path.join(top, each)
                          print("file", os.path.relpath(path, base), path, sep="\\t")
              libs = folder + ".libs"
              for each in os.listdir(libs) if os.path.isdir(libs) else []:
                  print("file", os.path.basename(libs) + "/" + each, os.path.join(libs, each), sep="\\t")
      """;

  private final String python;
  private final Path app;
  private final Path sdk;
  private final List<String> packages = new ArrayList<>();
  private final SortedMap<String, String> values = new TreeMap<>();
  private int heapPages = 8192;
  private int isvProdId;
  private int isvSvn = 1;

  /**
   * @param python the command or path of the interpreter, such as a virtual environment's
   * @param app the application's main file; every {@code .py} beside it goes with it
   * @param sdk the directory of the package {@code reseal}
   */
  public ImageBuilder(String python, Path app, Path sdk) {
    this.python = python;
    this.app = app.toAbsolutePath().normalize();
    this.sdk = sdk.toAbsolutePath().normalize();
    packages.addAll(SDK_PACKAGES);
  }

  /** Adds a package of the interpreter's environment by the name it is imported with. */
  public ImageBuilder with(String name) {
    packages.add(name);
    return this;
  }

  /** Fixes a value, which is measured. */
  public ImageBuilder value(String name, String value) {
    values.put(name, value);
    return this;
  }

  public ImageBuilder heapPages(int pages) {
    heapPages = pages;
    return this;
  }

  public ImageBuilder product(int prodId, int svn) {
    isvProdId = prodId;
    isvSvn = svn;
    return this;
  }

  /** Reads the environment; throws {@link IOException} that names what is missing. */
  public Image build() throws IOException {
    if (!Files.isRegularFile(app)) {
      throw new IOException("application '" + app + "' is not a file");
    }
    TreeMap<String, Path> files = new TreeMap<>();
    addSources(files, "app/", app.resolveSibling(""), 1);
    files.put("app/" + app.getFileName(), app);
    if (!Files.isRegularFile(sdk.resolve("boot.py"))) {
      throw new IOException("no SDK at '" + sdk + "': boot.py is missing");
    }
    addSources(files, "site/reseal/", sdk, Integer.MAX_VALUE);
    Path program = addPackages(files);
    return new Image(
        files, values, program, "app/" + app.getFileName(), heapPages, isvProdId, isvSvn);
  }

  private static void addSources(Map<String, Path> files, String prefix, Path root, int depth)
      throws IOException {
    try (Stream<Path> found = Files.walk(root, depth)) {
      for (Path file : found.filter(Files::isRegularFile).toList()) {
        if (file.toString().endsWith(".py")) {
          files.put(prefix + root.relativize(file), file);
        }
      }
    }
  }

  private Path addPackages(Map<String, Path> files) throws IOException {
    List<String> command = new ArrayList<>(List.of(python, "-I", "-B", "-c", FIND));
    command.addAll(packages);
    String failure = "packages cannot be found with '" + python + "'";
    Optional<Path> program = Optional.empty();
    for (String line :
        Child.said(new ProcessBuilder(command), "", LIMIT, failure).lines().toList()) {
      String[] parts = line.split("\t", -1);
      if (parts.length == 2 && parts[0].equals("program")) {
        program = Optional.of(Path.of(parts[1]));
      } else if (parts.length == 3 && parts[0].equals("file")) {
        files.put("site/" + parts[1], Path.of(parts[2]));
      } else {
        throw new IOException(failure + ": " + line);
      }
    }
    return program.orElseThrow(() -> new IOException(failure + ": it says nothing of itself"));
  }
}
