package dev.reseal.wire;

import dev.reseal.fixtures.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The header-style files of spec/vectors, cases apart by empty lines: an unknown key fails. */
final class VectorCases {
  private VectorCases() {}

  /** One case; a key may repeat. */
  record Case(Map<String, List<String>> lines) {
    String one(String key) {
      List<String> found = all(key);
      if (found.size() != 1) {
        throw new AssertionError(found.size() + " lines \"" + key + "\" in " + lines);
      }
      return found.getFirst();
    }

    List<String> all(String key) {
      return lines.getOrDefault(key, List.of());
    }

    boolean has(String key) {
      return lines.containsKey(key);
    }

    @Override
    public String toString() {
      String text = lines.toString();
      return text.length() > 150 ? text.substring(0, 150) : text;
    }
  }

  static List<Case> read(String name, Set<String> keys) throws IOException {
    List<Case> cases = new ArrayList<>();
    Map<String, List<String>> lines = new LinkedHashMap<>();
    for (String line : Files.readAllLines(directory().resolve(name))) {
      if (line.isEmpty() && !lines.isEmpty()) {
        cases.add(new Case(lines));
        lines = new LinkedHashMap<>();
      }
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      int colon = line.indexOf(": ");
      String key = colon < 0 ? line : line.substring(0, colon);
      if (!keys.contains(key)) {
        throw new AssertionError(name + ": unknown key \"" + key + "\"");
      }
      lines.computeIfAbsent(key, _ -> new ArrayList<>()).add(line.substring(colon + 2));
    }
    if (!lines.isEmpty()) {
      cases.add(new Case(lines));
    }
    if (cases.isEmpty()) {
      throw new AssertionError(name + " has no case");
    }
    return cases;
  }

  static Path directory() {
    return Checkout.file("spec/vectors");
  }
}
