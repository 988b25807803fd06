package dev.reseal.mutation;

import dev.reseal.fixtures.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * {@code spec/mutations.vec}: for each reader, each message that it reads and what it makes of each
 * mutation. A table with a hole, a column that we do not know or a note that nobody uses is none.
 */
public record Table(Map<String, Map<String, Map<Mutation, Cell>>> rows) {

  public static Table read() throws IOException {
    Map<String, Map<String, Map<Mutation, Cell>>> rows = new TreeMap<>();
    Set<String> notes = new TreeSet<>();
    Set<String> used = new TreeSet<>();
    List<String> header = List.of();
    for (String line : Files.readAllLines(Checkout.file("spec/mutations.vec"))) {
      List<String> words = Arrays.asList(line.split("\\s+"));
      if (line.startsWith("#")) {
        continue;
      }
      if (words.getFirst().equals("note")) {
        demand(words.size() > 2 && notes.add(words.get(1)), "a note without text, or twice", line);
      } else if (header.isEmpty()) {
        header = words;
        demand(header.equals(columns()), "other columns than " + columns(), line);
      } else {
        demand(words.size() == header.size(), "a row with a hole", line);
        var messages = rows.computeIfAbsent(words.get(0), _ -> new LinkedHashMap<>());
        demand(messages.put(words.get(1), cells(header, words, used)) == null, "a row twice", line);
      }
    }
    demand(notes.equals(used), "notes " + notes + ", named in cells are " + used, "");
    return new Table(rows);
  }

  /** The rows of one reader. */
  public Map<String, Map<Mutation, Cell>> of(String reader) {
    return Objects.requireNonNull(rows.get(reader), () -> "no rows of " + reader);
  }

  private static Map<Mutation, Cell> cells(
      List<String> header, List<String> words, Set<String> used) {
    Map<Mutation, Cell> cells = new EnumMap<>(Mutation.class);
    for (Mutation mutation : Mutation.values()) {
      Cell cell = Cell.of(words.get(header.indexOf(mutation.column())));
      cells.put(mutation, cell);
      switch (cell) {
        case Cell.Refused _ -> {}
        case Cell.Unmoved(String note) -> used.add(note);
        case Cell.AsGood(String note) -> used.add(note);
      }
    }
    return cells;
  }

  private static List<String> columns() {
    List<String> columns = new ArrayList<>(List.of("reader", "message"));
    for (Mutation mutation : Mutation.values()) {
      columns.add(mutation.column());
    }
    return columns;
  }

  private static void demand(boolean holds, String what, String line) {
    if (!holds) {
      throw new IllegalArgumentException("spec/mutations.vec: " + what + ": " + line);
    }
  }
}
