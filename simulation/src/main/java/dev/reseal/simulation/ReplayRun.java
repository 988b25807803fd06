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
import java.io.InputStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code ReplayRun HOME...}: the register, the journals of supervisors and what instances recorded
 * of their own steps, all of which may be in use, replayed against the tables of spec/. Prints what
 * was replayed; exit status 1 with a line for each contradiction.
 */
public final class ReplayRun {
  private static final int ATTEMPTS = 20;

  /** The first 32 bytes of SQLite's write-ahead log change when it is begun anew. */
  private static final int WAL_HEAD = 32;

  private final Replay replay = Replay.ofSpec();
  private final List<String> wrong = new ArrayList<>();
  private final Path home;
  private final Path copies;

  private ReplayRun(Path home, Path copies) {
    this.home = home;
    this.copies = copies;
  }

  public static void main(String[] arguments) throws IOException {
    if (arguments.length == 0) {
      System.err.println("usage: ReplayRun HOME...");
      System.exit(2);
    }
    List<String> wrong = new ArrayList<>();
    for (String home : arguments) {
      wrong.addAll(wrong(Path.of(home)));
    }
    wrong.forEach(System.out::println);
    System.exit(wrong.isEmpty() ? 0 : 1);
  }

  private static List<String> wrong(Path home) throws IOException {
    Path copies = Files.createTempDirectory("replay");
    try {
      ReplayRun run = new ReplayRun(home, copies);
      run.registerAndJournals();
      run.instances();
      return run.wrong.stream().distinct().toList();
    } finally {
      try (Stream<Path> all = Files.walk(copies)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
  }

  private void registerAndJournals() throws IOException {
    try (Store store = SqliteStore.open(copyOfRegister())) {
      List<LogEvent> events = events(store);
      System.out.println("log " + events.size() + " entries");
      wrong.addAll(replay.log(events));
      for (Path journal : below("lineages/*/journal")) {
        List<Entry> entries = entries(journal, store);
        System.out.println("journal " + entries.size() + " entries " + journal);
        wrong.addAll(replay.together(entries, events));
      }
    }
  }

  private void instances() throws IOException {
    int steps = 0;
    int instances = 0;
    for (Path log : below("lineages/*/instances/*/stderr.log")) {
      List<Step> found = steps(log);
      steps += found.size();
      instances += found.isEmpty() ? 0 : 1;
      wrong.addAll(replay.steps(found));
    }
    System.out.println("moves " + steps + " steps of " + instances + " instances");
  }

  private List<Step> steps(Path log) throws IOException {
    List<Step> found = new ArrayList<>();
    try (Stream<String> lines = Files.lines(log)) {
      for (String line : lines.filter(Step::claimed).toList()) {
        Optional<Step> step = Step.parse(line);
        step.ifPresentOrElse(
            found::add, () -> wrong.add("%s: no step is written as \"%s\"".formatted(log, line)));
      }
    }
    return found;
  }

  private List<Path> below(String pattern) throws IOException {
    PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
    Path lineages = home.resolve("lineages");
    if (!Files.exists(lineages)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(lineages, 4)) {
      return all.filter(each -> matcher.matches(home.relativize(each))).sorted().toList();
    }
  }

  /**
   * A copy, since opening is the start of a writer. Pages that a checkpoint moves while the
   * database is copied are in the write-ahead log too, unless that was begun anew before it was
   * copied.
   */
  private Path copyOfRegister() throws IOException {
    Path register = home.resolve("authority/register.db");
    Path log = home.resolve("authority/register.db-wal");
    Path database = copies.resolve("register.db");
    Path databaseLog = copies.resolve("register.db-wal");
    for (int i = 0; i < ATTEMPTS; i++) {
      Bytes before = head(log);
      Files.deleteIfExists(database);
      Files.deleteIfExists(databaseLog);
      Files.copy(register, database);
      if (Files.exists(log)) {
        Files.copy(log, databaseLog);
      }
      if (head(log).equals(before)) {
        return database;
      }
    }
    throw new IOException(
        "the write-ahead log of %s was begun anew during each of %d copies: copy %s and replay that"
            .formatted(register, ATTEMPTS, home));
  }

  private static Bytes head(Path log) throws IOException {
    if (!Files.exists(log)) {
      return Bytes.EMPTY;
    }
    try (InputStream in = Files.newInputStream(log)) {
      return Bytes.of(in.readNBytes(WAL_HEAD));
    }
  }

  private static List<LogEvent> events(Store store) {
    return store.log(1, store.tail().seq()).stream()
        .map(entry -> Signed.peek(LogMessage.Entry.class, entry))
        .map(entry -> LogEvent.decode(entry.event()))
        .toList();
  }

  /** A journal is of the lineage that its directory is named after. */
  private List<Entry> entries(Path journal, Store store) throws IOException {
    String name = home.relativize(journal).getName(1).toString();
    Path copy = copies.resolve("journal");
    Files.deleteIfExists(copy);
    Files.copy(journal, copy);
    Optional<Bytes> lineage = store.lineageNamed(name);
    if (lineage.isPresent()) {
      try (FileJournal read = FileJournal.open(copy, lineage.get(), () -> 0)) {
        if (!read.entries().isEmpty()) {
          return read.entries();
        }
      }
    }
    if (written(journal)) {
      wrong.add("%s has entries, and none is of a lineage %s".formatted(journal, name));
    }
    return List.of();
  }

  /** The first bytes of an empty journal are zeros, if it has any. */
  private static boolean written(Path journal) throws IOException {
    try (InputStream in = Files.newInputStream(journal)) {
      Bytes length = Bytes.of(in.readNBytes(Integer.BYTES));
      return !length.equals(Bytes.zeros(length.size()));
    }
  }
}
