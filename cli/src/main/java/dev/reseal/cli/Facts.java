package dev.reseal.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a command found out, once, for both outputs: nested {@code name: value} lines for people, an
 * object with the same names for programs.
 */
final class Facts {
  private final Map<String, Object> entries = new LinkedHashMap<>();

  Facts put(String name, String value) {
    entries.put(name, value);
    return this;
  }

  Facts put(String name, long value) {
    entries.put(name, value);
    return this;
  }

  Facts put(String name, boolean value) {
    entries.put(name, value);
    return this;
  }

  Facts put(String name, Facts value) {
    entries.put(name, value);
    return this;
  }

  Facts put(String name, List<Facts> values) {
    entries.put(name, List.copyOf(values));
    return this;
  }

  /** The same as plain maps and lists. */
  Map<String, Object> tree() {
    Map<String, Object> tree = new LinkedHashMap<>();
    entries.forEach((name, value) -> tree.put(name, plain(value)));
    return tree;
  }

  private static Object plain(Object value) {
    return switch (value) {
      case Facts facts -> facts.tree();
      case List<?> list -> list.stream().map(Facts::plain).toList();
      default -> value;
    };
  }

  /** The same as lines. */
  String text() {
    List<String> lines = new ArrayList<>();
    lines("", lines);
    return String.join("\n", lines) + "\n";
  }

  private void lines(String indent, List<String> lines) {
    int width = entries.keySet().stream().mapToInt(String::length).max().orElse(0);
    entries.forEach((name, value) -> {
      String label = name.replace('_', ' ');
      switch (value) {
        case Facts facts -> {
          lines.add(indent + label);
          facts.lines(indent + "  ", lines);
        }
        case List<?> list -> nested(indent, label, list, lines);
        default -> lines.add((indent + pad(label, width) + "  " + value).stripTrailing());
      }
    });
  }

  private static void nested(String indent, String label, List<?> list, List<String> lines) {
    int number = 1;
    for (Object item : list) {
      lines.add(indent + label + " " + number++);
      if (item instanceof Facts facts) {
        facts.lines(indent + "  ", lines);
      } else {
        lines.add(indent + "  " + item);
      }
    }
  }

  private static String pad(String label, int width) {
    return label + " ".repeat(width - label.length());
  }
}
