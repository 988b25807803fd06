package dev.reseal.wire;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Entries that were made for one {@link Cbor.Map} and that nobody else holds: it copies no more.
 */
final class OwnEntries extends TreeMap<Long, Cbor> {
  private static final long serialVersionUID = 1;

  OwnEntries() {}

  OwnEntries(SortedMap<Long, Cbor> entries) {
    super(entries);
  }
}
