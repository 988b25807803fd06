package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.WireException.Rule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Strict reading of a structure: each field is asked for by number with its exact type and size,
 * and {@link #end} refuses what nobody asked for. An array is read the same way, by index.
 */
public final class Fields {
  private final String what;
  private final SortedMap<Long, Cbor> entries;
  private final Set<Long> seen = new HashSet<>();

  private Fields(String what, SortedMap<Long, Cbor> entries) {
    this.what = what;
    this.entries = entries;
  }

  /** A map only; {@code what} is for messages. */
  public static Fields ofMap(Bytes encoded, String what) {
    return ofMap(Cbor.decode(encoded), what);
  }

  /** A map item only. */
  public static Fields ofMap(Cbor item, String what) {
    if (item instanceof Cbor.Map(var entries)) {
      return new Fields(what, entries);
    }
    throw new WireException(Rule.TYPE, what + " is not a map");
  }

  /** An array only. */
  public static Fields ofArray(Bytes encoded, String what) {
    return ofArray(Cbor.decode(encoded), what);
  }

  /** An array item only: its items by index. */
  public static Fields ofArray(Cbor item, String what) {
    if (item instanceof Cbor.Array(var items)) {
      TreeMap<Long, Cbor> byIndex = new TreeMap<>();
      for (Cbor each : items) {
        byIndex.put((long) byIndex.size(), each);
      }
      return new Fields(what, byIndex);
    }
    throw new WireException(Rule.TYPE, what + " is not an array");
  }

  public Cbor any(long key) {
    Cbor item = entries.get(key);
    if (item == null) {
      throw new WireException(Rule.FIELD, name(key) + " is missing");
    }
    seen.add(key);
    return item;
  }

  public long uint(long key) {
    if (any(key) instanceof Cbor.Int(long value) && value >= 0) {
      return value;
    }
    throw new WireException(Rule.TYPE, name(key) + " is not a number");
  }

  /** A number between the bounds, both included. */
  public long uint(long key, long least, long most) {
    long value = uint(key);
    if (value < least || value > most) {
      throw new WireException(
          Rule.FIELD, name(key) + " is " + value + ", not between " + least + " and " + most);
    }
    return value;
  }

  public Optional<Long> uintOrNull(long key) {
    return any(key) instanceof Cbor.Null ? Optional.empty() : Optional.of(uint(key));
  }

  /** Bytes of exactly that size. */
  public Bytes bytes(long key, int size) {
    Bytes value = bin(key);
    if (value.size() != size) {
      throw new WireException(
          Rule.SIZE, name(key) + " has " + value.size() + " bytes, not " + size);
    }
    return value;
  }

  public Optional<Bytes> bytesOrNull(long key, int size) {
    return any(key) instanceof Cbor.Null ? Optional.empty() : Optional.of(bytes(key, size));
  }

  /** Bytes of at most that size. */
  public Bytes blob(long key, int most) {
    Bytes value = bin(key);
    if (value.size() > most) {
      throw new WireException(
          Rule.SIZE, name(key) + " has " + value.size() + " bytes, more than " + most);
    }
    return value;
  }

  public Optional<Bytes> blobOrNull(long key, int most) {
    return any(key) instanceof Cbor.Null ? Optional.empty() : Optional.of(blob(key, most));
  }

  public String text(long key) {
    if (any(key) instanceof Cbor.Text(String value)) {
      return value;
    }
    throw new WireException(Rule.TYPE, name(key) + " is not a text");
  }

  public Optional<String> textOrNull(long key) {
    return any(key) instanceof Cbor.Null ? Optional.empty() : Optional.of(text(key));
  }

  public boolean bool(long key) {
    if (any(key) instanceof Cbor.Bool(boolean value)) {
      return value;
    }
    throw new WireException(Rule.TYPE, name(key) + " is neither true nor false");
  }

  /**
   * A list of {@code least} to {@code most} items; each is read as field 0 of its own {@link
   * Fields}.
   */
  public <T> List<T> list(long key, int least, int most, Function<Fields, T> each) {
    if (!(any(key) instanceof Cbor.Array(var items))) {
      throw new WireException(Rule.TYPE, name(key) + " is not an array");
    }
    if (items.size() < least || items.size() > most) {
      throw new WireException(
          Rule.SIZE, name(key) + " has " + items.size() + " items, not " + least + " to " + most);
    }
    List<T> all = new ArrayList<>(items.size());
    for (Cbor item : items) {
      all.add(each.apply(ofArray(new Cbor.Array(List.of(item)), name(key))));
    }
    return List.copyOf(all);
  }

  public List<Bytes> listOfBytes(long key, int least, int most, int size) {
    return list(key, least, most, item -> item.bytes(0, size));
  }

  public List<Long> listOfNumbers(long key, int least, int most) {
    return list(key, least, most, item -> item.uint(0));
  }

  /** Whether the field is there; for the few structures whose fields may be left out. */
  public boolean has(long key) {
    return entries.containsKey(key);
  }

  public int count() {
    return entries.size();
  }

  /** A nested array. */
  public Fields nested(long key) {
    return ofArray(any(key), name(key));
  }

  public Fields nestedMap(long key) {
    return ofMap(any(key), name(key));
  }

  /** Refuses fields that were not read. */
  public void end() {
    for (Long key : entries.keySet()) {
      if (!seen.contains(key)) {
        throw new WireException(Rule.FIELD, what + " has an unknown field " + key);
      }
    }
  }

  /** {@link #end}, then the value: the last step of a decoder. */
  public <T> T end(T value) {
    end();
    return value;
  }

  private Bytes bin(long key) {
    if (any(key) instanceof Cbor.Bin(Bytes value)) {
      return value;
    }
    throw new WireException(Rule.TYPE, name(key) + " is not a byte string");
  }

  private String name(long key) {
    return what + " field " + key;
  }
}
