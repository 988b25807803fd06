package dev.reseal.authority;

import dev.reseal.authority.Row.State;
import java.util.HashSet;
import java.util.Set;

/**
 * Which keys must go (protocol 15). Each is named with its lineage and the fence of the operation
 * that made it, and a row knows all keys up to its own fence: one that it does not name there was
 * aborted, retired or made for a commit that failed. A later one stays: if it is not left from a
 * crash, a newer register names it.
 */
final class Erasure {
  private final KeyStore keys;

  Erasure(KeyStore keys) {
    this.keys = keys;
  }

  /** Erases what may go; whether that is all that the row calls destroying. */
  boolean sweep(Row row, long wallMs) {
    boolean closed = row.state() instanceof State.Closed;
    boolean leased = row.state() instanceof State.Closed(long until) && wallMs <= until;
    Set<String> kept = new HashSet<>(row.keys().names(row.lineage()));
    if (!closed) {
      kept.addAll(KeyNames.added(row.policy()));
    }
    if (leased) {
      kept.addAll(row.keys().destroying());
    } else {
      row.keys().destroying().forEach(kept::remove);
    }
    String lineage = row.lineage().toHex();
    for (String name : keys.names()) {
      if (KeyNames.lineage(name).equals(lineage)
          && !kept.contains(name)
          && (closed || KeyNames.fence(name) <= row.fence())) {
        keys.destroy(name);
      }
    }
    return !leased;
  }
}
