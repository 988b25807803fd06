package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;

/**
 * The last column of every line of the register's tables: SHA-256 over the table's name and all
 * other columns, so that a start names the line that is not the one that was written. It finds
 * damage; who writes the file on purpose meets the signed log.
 */
final class LineDigest {
  /**
   * @param keys how many columns, from the first, tell one line from the others
   */
  private record Table(String name, int keys) {}

  private static final List<Table> TABLES =
      List.of(new Table("lineage", 1), new Table("log", 1), new Table("answer", 4));

  private LineDigest() {}

  static byte[] of(String table, Object... columns) {
    return digest(table, List.of(columns)).toArray();
  }

  private static Bytes digest(String table, List<Object> columns) {
    List<Cbor> all = new ArrayList<>();
    all.add(Cbor.of(table));
    columns.forEach(each -> all.add(cbor(each)));
    return Cbor.array(all.toArray(Cbor[]::new)).encode().sha256();
  }

  private static Cbor cbor(Object column) {
    return switch (column) {
      case byte[] bytes -> Cbor.of(Bytes.of(bytes));
      case String text -> Cbor.of(text);
      case Number number -> Cbor.of(Bytes.u64(number.longValue()));
      default -> throw new IllegalArgumentException("a column of type " + column.getClass());
    };
  }

  /** Reads every line; throws {@link StoreException} that names the first changed one. */
  static void check(Path register, Statement database) throws SQLException {
    for (Table table : TABLES) {
      try (ResultSet line = database.executeQuery("select * from " + table.name)) {
        int last = line.getMetaData().getColumnCount();
        while (line.next()) {
          List<Object> columns = new ArrayList<>();
          for (int i = 1; i < last; i++) {
            columns.add(line.getObject(i));
          }
          if (!digest(table.name, columns).equals(Bytes.wrap(line.getBytes(last)))) {
            throw new StoreException(
                "the register " + register + " is damaged: " + changed(table, line));
          }
        }
      }
    }
  }

  private static String changed(Table table, ResultSet line) throws SQLException {
    StringJoiner key = new StringJoiner(", ", " (", ")");
    for (int i = 1; i <= table.keys; i++) {
      Object column = line.getObject(i);
      key.add(
          line.getMetaData().getColumnName(i)
              + " "
              + (column instanceof byte[] bytes ? Bytes.of(bytes) : column));
    }
    return "a line of table " + table.name + key + " is not the one that was written";
  }
}
