package dev.reseal.simulation;

import dev.reseal.authority.SqliteStore;
import dev.reseal.authority.Store;
import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Entry;
import dev.reseal.journal.FileJournal;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.LogMessage;
import dev.reseal.wire.Signed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@code ReplayRun REGISTER JOURNAL...}: the register's database and the journals of supervisors,
 * all of which may be in use, replayed against the tables of spec/. Prints what was replayed; exit
 * status 1 with a line for each contradiction.
 */
public final class ReplayRun {
  private ReplayRun() {}

  public static void main(String[] arguments) throws IOException {
    if (arguments.length < 2) {
      System.err.println("usage: ReplayRun REGISTER JOURNAL...");
      System.exit(2);
    }
    Path copies = Files.createTempDirectory("replay");
    try {
      List<String> wrong = replay(arguments, copies);
      wrong.forEach(System.out::println);
      System.exit(wrong.isEmpty() ? 0 : 1);
    } finally {
      try (Stream<Path> all = Files.walk(copies)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
  }

  private static List<String> replay(String[] arguments, Path copies) throws IOException {
    Replay replay = Replay.ofSpec();
    List<String> wrong = new ArrayList<>();
    Path database = copies.resolve("register.db");
    copy(Path.of(arguments[0]), database);
    copy(Path.of(arguments[0] + "-wal"), copies.resolve("register.db-wal"));
    try (Store store = SqliteStore.open(database)) {
      List<LogEvent> events = events(store);
      System.out.println("log " + events.size() + " entries");
      for (int i = 1; i < arguments.length; i++) {
        List<Entry> entries = entries(Path.of(arguments[i]), copies, store.lineages());
        System.out.println("journal " + entries.size() + " entries " + arguments[i]);
        wrong.addAll(replay.together(entries, events));
      }
    }
    return wrong.stream().distinct().toList();
  }

  /** A copy, since opening is the start of a writer. */
  private static void copy(Path from, Path to) throws IOException {
    if (Files.exists(from)) {
      Files.copy(from, to);
    }
  }

  private static List<LogEvent> events(Store store) {
    return store.log(1, store.tail().seq()).stream()
        .map(entry -> Signed.peek(LogMessage.Entry.class, entry))
        .map(entry -> LogEvent.decode(entry.event()))
        .toList();
  }

  /** A journal is of one lineage, and reads as empty under any other. */
  private static List<Entry> entries(Path journal, Path copies, List<Bytes> lineages)
      throws IOException {
    for (Bytes lineage : lineages) {
      Path copy = Files.createTempFile(copies, "journal", "");
      Files.delete(copy);
      Files.copy(journal, copy);
      try (FileJournal read = FileJournal.open(copy, lineage, () -> 0)) {
        if (!read.entries().isEmpty()) {
          return read.entries();
        }
      }
    }
    return List.of();
  }
}
