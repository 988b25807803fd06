package dev.reseal.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A transition table of {@code spec/}: rows by name, cells in the order of the columns. */
final class Table {
  private final String name;
  private final List<String> columns;
  private final Map<String, List<String>> rows;

  private Table(String name, List<String> columns, Map<String, List<String>> rows) {
    this.name = name;
    this.columns = columns;
    this.rows = rows;
  }

  /** Reads {@code spec/NAME.vec} above the working directory or the property reseal.root. */
  static Table named(String name) {
    String file = "spec/" + name + ".vec";
    Path at = Path.of(System.getProperty("reseal.root", "")).toAbsolutePath();
    while (!Files.exists(at.resolve(file))) {
      Path parent = at.getParent();
      if (parent == null) {
        throw new IllegalStateException("no " + file + " here or above");
      }
      at = parent;
    }
    try {
      return parse(name, Files.readAllLines(at.resolve(file)));
    } catch (IOException unreadable) {
      throw new UncheckedIOException("cannot read " + file, unreadable);
    }
  }

  static Table parse(String name, List<String> lines) {
    List<List<String>> cells =
        lines.stream()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .map(line -> List.of(line.strip().split("\\s+")))
            .toList();
    Map<String, List<String>> rows = new LinkedHashMap<>();
    for (List<String> row : cells.subList(1, cells.size())) {
      rows.put(row.getFirst(), row.subList(1, row.size()));
    }
    return new Table(name, cells.getFirst().subList(1, cells.getFirst().size()), rows);
  }

  /** The same without one row. */
  Table without(String row) {
    Map<String, List<String>> fewer = new LinkedHashMap<>(rows);
    fewer.remove(row);
    return new Table(name, columns, fewer);
  }

  List<String> rowNames() {
    return List.copyOf(rows.keySet());
  }

  /** The cells of a row; empty when there is no such row. */
  List<String> row(String row) {
    return rows.getOrDefault(row, List.of());
  }

  /** What the event does in that state: a state or {@code -RULE}; empty when the table has none. */
  Optional<String> cell(String event, String state) {
    int column = columns.indexOf(state);
    List<String> row = row(event);
    if (column < 0 || column >= row.size()) {
      return Optional.empty();
    }
    return Optional.of(row.get(column).equals(".") ? state : row.get(column));
  }

  /** Where the event leads from that state; empty when it is refused, unknown or no state. */
  Optional<String> next(String event, String state) {
    return cell(event, state).filter(cell -> !cell.startsWith("-"));
  }

  @Override
  public String toString() {
    return "spec/" + name + ".vec";
  }
}
