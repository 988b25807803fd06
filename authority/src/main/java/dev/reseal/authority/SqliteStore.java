package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The store in one SQLite file: WAL, every commit synced, one writer. A second process is refused
 * when it opens, since the first holds the write lock for as long as it lives.
 */
public final class SqliteStore implements Store {
  private static final String SCHEMA =
      """
      create table if not exists lineage(
        id blob primary key, name text not null unique, version integer not null, row blob not null,
        digest blob not null) strict;
      create table if not exists log(
        seq integer primary key, hash blob not null, entry blob not null, digest blob not null) strict;
      create table if not exists answer(
        lineage blob not null, op blob not null, type text not null, payload blob not null, answer blob not null,
        digest blob not null, primary key (lineage, op, type, payload)) strict;
      """;

  private final Path path;
  private final Connection database;

  /** By their SQL: to prepare one costs more than to run it. */
  private final Map<String, PreparedStatement> statements = new HashMap<>();

  private SqliteStore(Path path, Connection database) {
    this.path = path;
    this.database = database;
  }

  /** Opens or creates. */
  public static SqliteStore open(Path path) {
    try {
      Connection database = DriverManager.getConnection("jdbc:sqlite:" + path);
      try (Statement setup = database.createStatement()) {
        setup.execute("pragma locking_mode = exclusive");
        setup.execute("pragma journal_mode = wal");
        setup.execute("pragma synchronous = full");
        setup.execute("pragma busy_timeout = 0");
        setup.execute("pragma secure_delete = on");
        for (String table : SCHEMA.split(";\n")) {
          setup.execute(table);
        }
        checkWhole(path, setup);
        database.setAutoCommit(false);
        return new SqliteStore(path, database);
      } catch (SQLException | RuntimeException broken) {
        database.close();
        throw broken;
      }
    } catch (SQLException refused) {
      throw new StoreException(
          "cannot open the register " + path + ": " + refused.getMessage(), refused);
    }
  }

  private static void checkWhole(Path path, Statement setup) throws SQLException {
    try (ResultSet verdict = setup.executeQuery("pragma integrity_check(1)")) {
      String found = verdict.getString(1);
      if (!found.equals("ok")) {
        throw new StoreException("the register " + path + " is damaged: " + found);
      }
    }
    LineDigest.check(path, setup);
  }

  @Override
  public synchronized Optional<Versioned> row(Bytes lineage) {
    return first(
        "select row, version from lineage where id = ?",
        result -> new Versioned(Bytes.wrap(result.getBytes(1)), result.getLong(2)),
        lineage.toArray());
  }

  @Override
  public synchronized Optional<Bytes> lineageNamed(String name) {
    return first(
        "select id from lineage where name = ?", result -> Bytes.wrap(result.getBytes(1)), name);
  }

  @Override
  public synchronized List<Bytes> lineages() {
    return all("select id from lineage order by id", result -> Bytes.wrap(result.getBytes(1)));
  }

  @Override
  public synchronized Optional<Bytes> answer(AnswerKey key) {
    return first(
        "select answer from answer where lineage = ? and op = ? and type = ? and payload = ?",
        result -> Bytes.wrap(result.getBytes(1)),
        key.lineage().toArray(),
        key.opId().toArray(),
        key.type(),
        key.payloadDigest().toArray());
  }

  @Override
  public synchronized Tail tail() {
    List<LogRecord> newest =
        all(
            "select seq, hash, entry from log order by seq desc limit 2",
            result ->
                new LogRecord(
                    result.getLong(1),
                    Bytes.wrap(result.getBytes(2)),
                    Bytes.wrap(result.getBytes(3))));
    return switch (newest.size()) {
      case 0 -> Tail.EMPTY;
      case 1 -> new Tail(newest.get(0).seq(), newest.get(0).hash(), Bytes.zeros(32));
      default -> new Tail(newest.get(0).seq(), newest.get(0).hash(), newest.get(1).hash());
    };
  }

  @Override
  public synchronized List<Bytes> log(long fromSeq, long toSeq) {
    return all(
        "select entry from log where seq between ? and ? order by seq",
        result -> Bytes.wrap(result.getBytes(1)),
        fromSeq,
        toSeq);
  }

  @Override
  public synchronized void commit(Change change) {
    try {
      try {
        writeRow(change);
        for (LogRecord each : change.log()) {
          put(
              "insert into log values (?, ?, ?, ?)",
              "log",
              each.seq(),
              each.hash().toArray(),
              each.entry().toArray());
        }
        for (Map.Entry<AnswerKey, Bytes> each : change.keep().entrySet()) {
          Object[] parts = Arrays.copyOf(parts(each.getKey()), 5);
          parts[4] = each.getValue().toArray();
          put("insert or replace into answer values (?, ?, ?, ?, ?, ?)", "answer", parts);
        }
        database.commit();
      } catch (SQLException | RuntimeException broken) {
        database.rollback();
        throw broken;
      }
    } catch (SQLException refused) {
      throw new StoreException(
          "cannot commit to the register " + path + ": " + refused.getMessage(), refused);
    }
  }

  private void writeRow(Change change) throws SQLException {
    byte[] lineage = change.lineage().toArray();
    byte[] row = change.row().toArray();
    long version = change.expectedVersion() + 1;
    int written =
        version == 1
            ? put(
                "insert into lineage values (?, ?, ?, ?, ?) on conflict(id) do nothing",
                "lineage",
                lineage,
                change.name(),
                version,
                row)
            : run(
                "update lineage set version = ?, row = ?, digest = ? where id = ? and version = ?",
                version,
                row,
                LineDigest.of("lineage", lineage, change.name(), version, row),
                lineage,
                change.expectedVersion());
    if (written != 1) {
      throw new StoreException.Stale(
          change.expectedVersion(), row(change.lineage()).map(Versioned::version).orElse(0L));
    }
  }

  private static Object[] parts(AnswerKey key) {
    return new Object[] {
      key.lineage().toArray(), key.opId().toArray(), key.type(), key.payloadDigest().toArray()
    };
  }

  @Override
  public synchronized void close() {
    try {
      database.close();
    } catch (SQLException refused) {
      throw new StoreException("cannot close the register " + path, refused);
    }
  }

  /** Reads one line of a result. */
  private interface Reading<T> {
    T of(ResultSet result) throws SQLException;
  }

  private <T> Optional<T> first(String sql, Reading<T> reading, Object... arguments) {
    return all(sql, reading, arguments).stream().findFirst();
  }

  private <T> List<T> all(String sql, Reading<T> reading, Object... arguments) {
    try (ResultSet result = prepared(sql, arguments).executeQuery()) {
      List<T> found = new ArrayList<>();
      while (result.next()) {
        found.add(reading.of(result));
      }
      return found;
    } catch (SQLException refused) {
      throw new StoreException(
          "cannot read the register " + path + ": " + refused.getMessage(), refused);
    }
  }

  /** A whole line, with the digest that ends it. */
  private int put(String sql, String table, Object... columns) throws SQLException {
    Object[] line = Arrays.copyOf(columns, columns.length + 1);
    line[columns.length] = LineDigest.of(table, columns);
    return run(sql, line);
  }

  private int run(String sql, Object... arguments) throws SQLException {
    return prepared(sql, arguments).executeUpdate();
  }

  private PreparedStatement prepared(String sql, Object... arguments) throws SQLException {
    PreparedStatement statement = statements.get(sql);
    if (statement == null) {
      statement = database.prepareStatement(sql);
      statements.put(sql, statement);
    }
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case byte[] bytes -> statement.setBytes(i + 1, bytes);
        case String text -> statement.setString(i + 1, text);
        case Long number -> statement.setLong(i + 1, number);
        default ->
            throw new IllegalArgumentException("argument of type " + arguments[i].getClass());
      }
    }
    return statement;
  }
}
