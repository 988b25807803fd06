package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An item of deterministic CBOR (RFC 8949 4.2.1) in one of the two profiles of protocol 5.0. What
 * is hashed or signed travels as bytes and is hashed as received; items are for reading and
 * writing.
 */
public sealed interface Cbor {

  /** The two profiles of protocol 5.0. */
  enum Profile {
    /** Messages, core, slots, footer, journal: uint keys, no negative numbers, depth 8. */
    STRUCTURE(8),
    /** Application data: text keys, negative numbers and floats, depth 32. */
    VALUES(32);

    private final int depth;

    Profile(int depth) {
      this.depth = depth;
    }

    /** The deepest nesting of arrays and maps. */
    public int depth() {
      return depth;
    }
  }

  /** An integer; negative ones exist in the value profile only. */
  record Int(long value) implements Cbor {}

  record Bin(Bytes value) implements Cbor {}

  record Text(String value) implements Cbor {}

  record Array(List<Cbor> items) implements Cbor {
    public Array {
      items = List.copyOf(items);
    }
  }

  /** A map with uint keys: structure profile. */
  record Map(SortedMap<Long, Cbor> entries) implements Cbor {
    public Map {
      entries =
          Collections.unmodifiableSortedMap(
              entries instanceof OwnEntries ? entries : new TreeMap<>(entries));
      if (!entries.isEmpty() && entries.firstKey() < 0) {
        throw new IllegalArgumentException("map key " + entries.firstKey() + " is negative");
      }
    }

    /** This map with one field more. */
    public Map with(long key, Cbor value) {
      OwnEntries more = new OwnEntries(entries);
      if (more.put(key, value) != null) {
        throw new IllegalArgumentException("field " + key + " is set twice");
      }
      return new Map(more);
    }

    public Map with(long key, long value) {
      return with(key, new Int(value));
    }

    public Map with(long key, Bytes value) {
      return with(key, new Bin(value));
    }

    public Map with(long key, String value) {
      return with(key, new Text(value));
    }

    public Map with(long key, boolean value) {
      return with(key, new Bool(value));
    }

    /** A field that is bytes or null. */
    public Map with(long key, Optional<Bytes> value) {
      return with(key, orNull(value));
    }

    public Map without(long key) {
      OwnEntries less = new OwnEntries(entries);
      less.remove(key);
      return new Map(less);
    }
  }

  /** A map with text keys: value profile. Keys are kept in their encoded order. */
  record Dict(SortedMap<String, Cbor> entries) implements Cbor {
    public Dict(java.util.Map<String, Cbor> entries) {
      this(ordered(entries));
    }

    public Dict {
      entries = Collections.unmodifiableSortedMap(ordered(entries));
    }

    private static SortedMap<String, Cbor> ordered(java.util.Map<String, Cbor> entries) {
      TreeMap<String, Cbor> sorted = new TreeMap<>(KEY_ORDER);
      sorted.putAll(entries);
      return sorted;
    }
  }

  record Bool(boolean value) implements Cbor {}

  record Null() implements Cbor {
    private static final Null VALUE = new Null();
  }

  /** A float of the value profile; equal when the bits are, so that NaN equals itself. */
  record Real(double value) implements Cbor {}

  /** Shorter UTF-8 first, then bytewise: the order of the encoded keys. */
  Comparator<String> KEY_ORDER =
      Comparator.comparingInt((String key) -> utf8(key).size()).thenComparing(Cbor::utf8);

  static Null nil() {
    return Null.VALUE;
  }

  private static Bytes utf8(String text) {
    return Bytes.wrap(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  static Map map() {
    return new Map(new OwnEntries());
  }

  static Dict dict(SequencedMap<String, Cbor> entries) {
    return new Dict((java.util.Map<String, Cbor>) entries);
  }

  static Array array(Cbor... items) {
    return new Array(List.of(items));
  }

  static <T> Array array(List<T> items, java.util.function.Function<T, Cbor> each) {
    List<Cbor> all = new ArrayList<>(items.size());
    for (T item : items) {
      all.add(each.apply(item));
    }
    return new Array(all);
  }

  static Int of(long value) {
    return new Int(value);
  }

  static Bin of(Bytes value) {
    return new Bin(value);
  }

  static Text of(String value) {
    return new Text(value);
  }

  static Bool of(boolean value) {
    return new Bool(value);
  }

  static Cbor orNull(Optional<Bytes> value) {
    return value.<Cbor>map(Bin::new).orElse(nil());
  }

  /** A number or null. */
  static Cbor numberOrNull(Optional<Long> value) {
    return value.<Cbor>map(Int::new).orElse(nil());
  }

  /** The one encoding of this item in the structure profile. */
  default Bytes encode() {
    return encode(Profile.STRUCTURE);
  }

  /**
   * The one encoding of this item; throws {@link IllegalArgumentException} when it has a part that
   * the profile does not allow, which is a bug of the caller.
   */
  default Bytes encode(Profile profile) {
    return CborWriter.write(this, profile);
  }

  /** Reads exactly one item of the structure profile, refusing everything else. */
  static Cbor decode(Bytes input) {
    return decode(input, Profile.STRUCTURE);
  }

  static Cbor decode(Bytes input, Profile profile) {
    return new CborReader(input.buffer(), profile, CborReader.Keep.ALL).only();
  }

  /** Refuses what {@link #decode} refuses, without copying byte strings. */
  static void check(ByteBuffer input, Profile profile) {
    Cbor item = new CborReader(input, profile, CborReader.Keep.NO_BYTE_STRINGS).only();
    java.util.Objects.requireNonNull(item);
  }

  /** The first bytes of an item: major type 0 to 5 and its argument in the shortest form. */
  static Bytes head(int major, long argument) {
    return CborWriter.headOf(major, argument);
  }
}
