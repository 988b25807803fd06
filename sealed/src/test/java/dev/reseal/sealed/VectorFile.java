package dev.reseal.sealed;

import dev.reseal.fixtures.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The header-style files of spec/vectors: an unknown key fails. */
record VectorFile(Map<String, List<String>> lines) {
  static VectorFile read(Path path, Set<String> keys) throws IOException {
    Map<String, List<String>> lines = new LinkedHashMap<>();
    for (String line : Files.readAllLines(path)) {
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      int colon = line.indexOf(": ");
      String key = colon < 0 ? line : line.substring(0, colon);
      if (!keys.contains(key)) {
        throw new AssertionError(path.getFileName() + ": unknown key \"" + key + "\"");
      }
      lines.computeIfAbsent(key, _ -> new ArrayList<>()).add(line.substring(colon + 2));
    }
    return new VectorFile(lines);
  }

  static Path directory() {
    return Checkout.file("spec/vectors");
  }

  List<String> all(String key) {
    return lines.getOrDefault(key, List.of());
  }

  String one(String key) {
    List<String> found = all(key);
    if (found.size() != 1) {
      throw new AssertionError(found.size() + " lines \"" + key + "\", one expected");
    }
    return found.getFirst();
  }
}
