package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Image;
import dev.reseal.platform.Refusal;
import dev.reseal.sgx.Measured;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The platform's own copies of images, {@code images/<mrenclave>/}. A copy is hashed again before
 * every use, so that what runs is what was measured, whatever happened to the sources since.
 */
final class ImageStore {
  private final Path directory;
  private final FileHashes inPlace = new FileHashes();
  private final Map<Path, Interpreter> interpreters = new ConcurrentHashMap<>();

  private ImageStore(Path directory) {
    this.directory = directory;
  }

  /** The copies in {@code directory}, without those that were never finished. */
  static ImageStore open(Path directory) throws IOException {
    Files.createDirectories(directory);
    try (DirectoryStream<Path> unfinished = Files.newDirectoryStream(directory, ".*.new")) {
      for (Path each : unfinished) {
        Trees.delete(each);
      }
    }
    return new ImageStore(directory);
  }

  /** {@link #measure} by somebody who has no platform: nothing is copied or written. */
  static Measured measureSources(Image image) throws RefusedException {
    return new ImageStore(Path.of("images")).measure(image);
  }

  /** A verified copy: what to run and what it takes. */
  record Ready(Path root, Interpreter interpreter, Measured measured) {}

  /** The measurement of the sources as they are now. */
  Measured measure(Image image) throws RefusedException {
    return measured(image, describe(image, image.files()));
  }

  /**
   * The copy that has the measurement {@code expected}, made now if there is none. Refuses when
   * sources, copy, interpreter or standard library do not give exactly that measurement.
   */
  synchronized Ready ready(Image image, Bytes expected) throws RefusedException {
    Path root = directory.resolve(expected.toHex());
    if (!Bytecode.isFinished(root)) {
      copy(image, expected, root);
    }
    SortedMap<String, Path> copies = new TreeMap<>();
    image.files().keySet().forEach(name -> copies.put(name, root.resolve(name)));
    Manifest manifest = describe(image, copies);
    Measured measured = measured(image.withFiles(copies), manifest);
    if (!measured.mrEnclave().equals(expected)) {
      throw changed(root, manifest, measured, expected);
    }
    if (!read(root.resolve("manifest")).equals(manifest.text())) {
      throw new RefusedException(
          Refusal.IMAGE_CHANGED, "manifest of the copy at " + root + " was changed");
    }
    Bytecode.require(root);
    return new Ready(root, interpreter(image.interpreter()), measured);
  }

  private void copy(Image image, Bytes expected, Path root) throws RefusedException {
    Path fresh = directory.resolve("." + expected.toHex() + ".new");
    try {
      Trees.delete(root);
      Trees.delete(fresh);
      SortedMap<String, Path> copies = new TreeMap<>();
      for (Map.Entry<String, Path> file : image.files().entrySet()) {
        Path copy = fresh.resolve(file.getKey());
        Files.createDirectories(copy.getParent());
        Files.copy(file.getValue(), copy, StandardCopyOption.REPLACE_EXISTING);
        copies.put(file.getKey(), copy);
      }
      Manifest manifest = describe(image, copies);
      Measured measured = measured(image.withFiles(copies), manifest);
      if (!measured.mrEnclave().equals(expected)) {
        Trees.delete(fresh);
        throw new RefusedException(
            Refusal.SIGSTRUCT,
            "EINIT: SIGSTRUCT signs "
                + expected
                + ", the files now measure "
                + measured.mrEnclave()
                + "; sign them again, or restore them");
      }
      Files.write(fresh.resolve("manifest"), manifest.text().toArray());
      Files.move(fresh, root, StandardCopyOption.ATOMIC_MOVE);
      Bytecode.derive(root, interpreter(image.interpreter()), manifest);
      Trees.seal(root);
    } catch (NoSuchFileException missing) {
      throw new RefusedException(Refusal.IMAGE_CHANGED, "no file " + missing.getMessage());
    } catch (IOException failed) {
      throw new RefusedException(Refusal.IMAGE_CHANGED, "copy of the image failed: " + failed);
    }
  }

  private Measured measured(Image image, Manifest manifest) throws RefusedException {
    Path boot = image.files().get(Manifest.BOOT);
    if (boot == null) {
      throw new RefusedException(Refusal.DECLARATION, "image has no boot stub " + Manifest.BOOT);
    }
    return manifest.measure(read(boot), image.heapPages());
  }

  private Manifest describe(Image image, SortedMap<String, Path> files) throws RefusedException {
    SortedMap<String, Bytes> hashes = new TreeMap<>();
    for (Map.Entry<String, Path> file : files.entrySet()) {
      try {
        hashes.put(file.getKey(), FileHashes.fresh(file.getValue()));
      } catch (IOException unreadable) {
        throw new RefusedException(
            Refusal.IMAGE_CHANGED, "file '" + file.getKey() + "' cannot be read: " + unreadable);
      }
    }
    Interpreter interpreter = interpreter(image.interpreter());
    try {
      SortedMap<String, Bytes> libraries = new TreeMap<>();
      for (Path library : interpreter.libraries()) {
        libraries.put(library.getFileName().toString(), inPlace.of(library));
      }
      return new Manifest(
          image.main(),
          inPlace.of(interpreter.program()),
          libraries,
          interpreter.library(inPlace),
          hashes,
          image.values());
    } catch (IOException unreadable) {
      throw new RefusedException(
          Refusal.INTERPRETER_CHANGED, "interpreter cannot be read: " + unreadable);
    }
  }

  private Interpreter interpreter(Path declared) throws RefusedException {
    Interpreter known = interpreters.get(declared);
    if (known != null) {
      return known;
    }
    try {
      Interpreter asked = Interpreter.at(declared);
      interpreters.put(declared, asked);
      return asked;
    } catch (IOException bad) {
      throw new RefusedException(Refusal.DECLARATION, String.valueOf(bad.getMessage()));
    }
  }

  /** Names what differs: the first line of the manifest that is not as it was measured. */
  private RefusedException changed(Path root, Manifest now, Measured measured, Bytes expected)
      throws RefusedException {
    String found = new String(now.text().toArray(), java.nio.charset.StandardCharsets.UTF_8);
    String stored =
        "\n"
            + new String(
                read(root.resolve("manifest")).toArray(), java.nio.charset.StandardCharsets.UTF_8);
    Optional<String> different =
        found.lines().filter(line -> !stored.contains("\n" + line + "\n")).findFirst();
    String line = different.orElse("boot stub or heap size");
    boolean library =
        line.startsWith("stdlib") || line.startsWith("interpreter") || line.startsWith("library");
    return new RefusedException(
        library ? Refusal.INTERPRETER_CHANGED : Refusal.IMAGE_CHANGED,
        "copy measures "
            + measured.mrEnclave()
            + " instead of "
            + expected
            + "; first difference: "
            + line.replace('\t', ' '));
  }

  private static Bytes read(Path file) throws RefusedException {
    try {
      return Bytes.wrap(Files.readAllBytes(file));
    } catch (IOException unreadable) {
      throw new RefusedException(Refusal.IMAGE_CHANGED, "file cannot be read: " + unreadable);
    }
  }
}
