package dev.reseal.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Whatever is changed in register and anchor is named when the authority starts, and not served.
 */
class DamageTest extends OnItsOwnWorld {
  private static final List<String> TABLES = List.of("lineage", "log", "answer");

  private Path database = Path.of("register.db");
  private Path whole = Path.of("whole.db");
  private Path anchor = Path.of("anchor");

  @BeforeEach
  void aLifeOnDisk() throws IOException {
    database = home.resolve("register.db");
    whole = home.resolve("whole.db");
    anchor = home.resolve("anchor");
    open();
    world.checkpoint(world.activate(world.sealed(world.serving(), true)));
    world.begin(Kind.REKEY, true);
    world.store.close();
    Files.copy(database, whole);
  }

  private void open() {
    world.store = SqliteStore.open(database);
    world.anchor = new FileAnchor(anchor);
    try {
      world.restart();
    } catch (StoreException refused) {
      world.store.close();
      throw refused;
    }
  }

  private interface Work {
    void with(Statement statement) throws SQLException;
  }

  private void alter(Path file, Work work) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = connection.createStatement()) {
      work.with(statement);
    }
  }

  private void refused(String sql, String... named) throws Exception {
    Files.copy(whole, database, StandardCopyOption.REPLACE_EXISTING);
    alter(database, statement -> assertThat(statement.executeUpdate(sql)).as(sql).isOne());
    assertThatThrownBy(this::open)
        .as(sql)
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll(named);
  }

  private record Column(String table, String name, String type) {
    /** Another value of the same type; a blob has one bit changed. */
    String changed() {
      return switch (type) {
        case "INTEGER" -> name + " + 100000";
        case "TEXT" -> name + " || 'x'";
        case "BLOB" ->
            "cast(substr(" + name + ", 1, length(" + name + ") - 1) as blob) || x'" + "%02x'";
        default -> throw new AssertionError(type);
      };
    }
  }

  private List<Column> columns() throws SQLException {
    List<Column> all = new ArrayList<>();
    alter(
        whole,
        statement -> {
          for (String table : TABLES) {
            try (ResultSet line = statement.executeQuery("pragma table_info(" + table + ")")) {
              while (line.next()) {
                all.add(new Column(table, line.getString("name"), line.getString("type")));
              }
            }
          }
        });
    return all;
  }

  private List<Long> lines(String table) throws SQLException {
    List<Long> all = new ArrayList<>();
    alter(
        whole,
        statement -> {
          try (ResultSet line = statement.executeQuery("select rowid from " + table)) {
            while (line.next()) {
              all.add(line.getLong(1));
            }
          }
        });
    return all;
  }

  private int lastByte(Column column, long line) throws SQLException {
    int[] found = new int[1];
    alter(
        whole,
        statement -> {
          try (ResultSet value =
              statement.executeQuery(
                  "select " + column.name + " from " + column.table + " where rowid = " + line)) {
            byte[] bytes = value.getBytes(1);
            found[0] = bytes[bytes.length - 1] & 0xff;
          }
        });
    return found[0];
  }

  @Test
  void everyColumnOfEveryLineOfEveryTable() throws Exception {
    List<Column> columns = columns();
    assertThat(columns.stream().map(Column::table).distinct()).containsExactlyElementsOf(TABLES);
    int tried = 0;
    for (Column column : columns) {
      for (long line : lines(column.table)) {
        String value = column.changed();
        if (column.type.equals("BLOB")) {
          value = value.formatted(lastByte(column, line) ^ 1);
        }
        refused(
            "update "
                + column.table
                + " set "
                + column.name
                + " = cast("
                + value
                + " as "
                + column.type
                + ") where rowid = "
                + line,
            database.toString(),
            "table " + column.table);
        tried++;
      }
    }
    assertThat(tried).isGreaterThan(100);
    Files.copy(whole, database, StandardCopyOption.REPLACE_EXISTING);
    open();
    assertThat(world.status().operation().epoch()).isEqualTo(2);
    world.store.close();
  }

  /** Otherwise it could be born again, beside its living instance. */
  @Test
  void aRowThatIsGone() throws Exception {
    refused("delete from lineage", "no row", World.LINEAGE.toHex());
  }

  @Test
  void anEntryOfTheLogThatIsGone() throws Exception {
    refused("delete from log where seq = 3", "log entry 3 does not follow");
    refused("delete from log where seq = (select max(seq) from log)", "rollback suspected");
  }

  /** Whoever writes the file on purpose makes the line's own digest anew. */
  private void forged(String which, int fromTheEnd, String named) throws Exception {
    Files.copy(whole, database, StandardCopyOption.REPLACE_EXISTING);
    alter(
        database,
        statement -> {
          try (ResultSet line =
                  statement.executeQuery("select seq, hash, entry from log where seq = " + which);
              PreparedStatement changed =
                  statement
                      .getConnection()
                      .prepareStatement("update log set entry = ?, digest = ? where seq = ?")) {
            byte[] entry = line.getBytes(3);
            entry[entry.length - fromTheEnd] ^= 1;
            changed.setBytes(1, entry);
            changed.setBytes(2, LineDigest.of("log", line.getLong(1), line.getBytes(2), entry));
            changed.setLong(3, line.getLong(1));
            assertThat(changed.executeUpdate()).isOne();
          }
        });
    assertThatThrownBy(this::open).isInstanceOf(StoreException.class).hasMessageContaining(named);
  }

  @Test
  void anEntryOfTheLogThatWasChangedOnPurpose() throws Exception {
    int signature = 64;
    String newest = "(select max(seq) from log)";
    forged(newest, 1, "is damaged: ");
    forged(newest, signature + 4, "log entry ");
    forged("3", signature + 4, "log entry ");
    forged("1", signature + 4, "log entry ");
  }

  @Test
  void everyByteOfTheAnchorAndEveryCut() throws Exception {
    byte[] mark = Files.readAllBytes(anchor);
    Files.copy(whole, database, StandardCopyOption.REPLACE_EXISTING);
    Optional<Anchor.Mark> newest = new FileAnchor(anchor).read();
    int line = mark.length / 2;
    for (int at = 0; at < line; at += at < 160 ? 1 : 499) {
      byte[] changed = mark.clone();
      changed[at] ^= 1;
      changed[line + at] ^= 1;
      damaged(changed, "byte " + at + " of both lines changed");
      damaged(Arrays.copyOf(mark, at), "cut at " + at);
      damaged(Arrays.copyOf(mark, line + at), "cut at " + (line + at));
      for (int of : List.of(at, line + at)) {
        byte[] torn = mark.clone();
        torn[of] ^= 1;
        Files.write(anchor, torn);
        open();
        assertThat(world.anchor.read()).as("byte " + of).isEqualTo(newest);
        world.store.close();
      }
    }
    Files.delete(anchor);
    assertThatThrownBy(this::open).isInstanceOf(StoreException.Rollback.class);
    Files.write(anchor, mark);
    open();
    world.store.close();
  }

  private void damaged(byte[] content, String how) throws IOException {
    Files.write(anchor, content);
    assertThatThrownBy(this::open)
        .as(how)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("the anchor " + anchor + " is damaged");
  }

  /** Of the database file itself: what no line shows is the database's own to find. */
  @Test
  void aFlippedBitAnywhereInTheFileIsNamedOrChangesNothing() throws Exception {
    byte[] file = Files.readAllBytes(whole);
    Bytes row = rowAfter(file);
    for (int at = 0; at < file.length; at += 97) {
      byte[] changed = file.clone();
      changed[at] ^= 0x10;
      try {
        assertThat(rowAfter(changed)).as("byte " + at).isEqualTo(row);
      } catch (StoreException named) {
        assertThat(named).hasMessageContaining("register");
      }
    }
  }

  private Bytes rowAfter(byte[] file) throws IOException {
    Files.deleteIfExists(home.resolve("register.db-wal"));
    Files.write(database, file);
    open();
    try {
      return world.store.row(World.LINEAGE).orElseThrow().row();
    } finally {
      world.store.close();
    }
  }
}
