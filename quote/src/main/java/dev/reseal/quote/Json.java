package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Strict JSON (RFC 8259) with bounds: UTF-8 only, no duplicate keys, nothing after the value,
 * numbers are integers of 64 bits. Objects know which bytes they were read from, because signatures
 * cover those bytes and not the value.
 */
public sealed interface Json {
  /** An object; {@code from} and {@code to} bound its text in the input. */
  record Obj(Map<String, Json> members, int from, int to) implements Json {
    public Obj {
      members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
    }

    public Optional<Json> member(String name) {
      return Optional.ofNullable(members.get(name));
    }

    public boolean has(String name) {
      return members.containsKey(name);
    }

    public Json need(String name) throws MalformedException {
      Json value = members.get(name);
      if (value == null) {
        throw new MalformedException("JSON object", from, "no member " + name, name);
      }
      return value;
    }

    public Obj object(String name) throws MalformedException {
      if (need(name) instanceof Obj object) {
        return object;
      }
      throw mistyped(name, "an object");
    }

    public List<Json> list(String name) throws MalformedException {
      if (need(name) instanceof Arr array) {
        return array.items();
      }
      throw mistyped(name, "an array");
    }

    public String text(String name) throws MalformedException {
      if (need(name) instanceof Text text) {
        return text.value();
      }
      throw mistyped(name, "a string");
    }

    /** An integer from 0 to {@code max}. */
    public int number(String name, int max) throws MalformedException {
      if (need(name) instanceof Int number && number.value() >= 0 && number.value() <= max) {
        return (int) number.value();
      }
      throw mistyped(name, "an integer from 0 to " + max);
    }

    /** Hex digits of exactly {@code size} bytes, in either case. */
    public Bytes hex(String name, int size) throws MalformedException {
      int digits = 2 * size;
      String text = text(name);
      try {
        if (text.length() == digits) {
          return Bytes.hex(text);
        }
      } catch (IllegalArgumentException other) {
        throw mistyped(name, digits + " hex digits");
      }
      throw mistyped(name, digits + " hex digits");
    }

    /** Strings of an optional array member. */
    public List<String> texts(String name) throws MalformedException {
      if (!has(name)) {
        return List.of();
      }
      List<String> all = new ArrayList<>();
      for (Json item : list(name)) {
        if (!(item instanceof Text text)) {
          throw mistyped(name, "strings");
        }
        all.add(text.value());
      }
      return List.copyOf(all);
    }

    private MalformedException mistyped(String name, String expected) {
      return new MalformedException(
          "JSON member " + name, from, shown(members.get(name)), expected);
    }

    private static String shown(@Nullable Json value) {
      String text = String.valueOf(value);
      return text.length() <= 80 ? text : text.substring(0, 80) + "...";
    }
  }

  /** An array. */
  record Arr(List<Json> items) implements Json {
    public Arr {
      items = List.copyOf(items);
    }
  }

  /** A string. */
  record Text(String value) implements Json {}

  /** An integer. */
  record Int(long value) implements Json {}

  /** True or false. */
  record Bool(boolean value) implements Json {}

  /** Null. */
  record Null() implements Json {}

  /** Deepest nesting of any document here: levels inside an object inside an envelope. */
  int MAX_DEPTH = 16;

  /** The object that fills {@code bytes}, white space around it allowed. */
  static Obj parse(String what, Bytes bytes) throws MalformedException {
    return JsonReading.parse(what, bytes);
  }
}
