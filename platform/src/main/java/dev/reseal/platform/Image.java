package dev.reseal.platform;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.WireException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The declaration of an image (transport T7): which files it consists of, which values are fixed in
 * it, what runs it. It names content by place; the platform reads and hashes that content and
 * answers with the measurement.
 *
 * @param files path in the image to the absolute path of its source
 * @param values names and values that are measured
 * @param interpreter absolute path of the program that runs {@code main}
 * @param main path in the image of what is run first, one of {@code files}
 * @param heapPages EPC pages of heap, added without extending the measurement
 */
public record Image(
    SortedMap<String, Path> files,
    SortedMap<String, String> values,
    Path interpreter,
    String main,
    int heapPages,
    int isvProdId,
    int isvSvn) {
  /** The most files of one image: with short paths, so many fit a request to the platform. */
  public static final int MOST_FILES = 8_000;

  /** The most heap pages: 64 GiB. */
  public static final int MOST_HEAP_PAGES = 1 << 24;

  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,63}");

  public Image {
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
    values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
    require(
        files.size() <= MOST_FILES, "image has " + files.size() + " files, at most " + MOST_FILES);
    files.forEach((name, source) -> {
      require(isPlain(name), "image file name '" + name + "' is not a plain relative path");
      require(source.isAbsolute(), "source of '" + name + "' is not an absolute path");
    });
    values.forEach((name, value) -> {
      require(NAME.matcher(name).matches(), "value name '" + name + "' is not an identifier");
      require(isOneLine(value), "value " + name + " has a control character");
    });
    require(interpreter.isAbsolute(), "interpreter '" + interpreter + "' is not an absolute path");
    require(files.containsKey(main), "main '" + main + "' is not a file of the image");
    require(0 <= heapPages && heapPages <= MOST_HEAP_PAGES, "heap_pages is " + heapPages);
    require(0 <= isvProdId && isvProdId <= 0xffff, "isvprodid is " + isvProdId);
    require(0 <= isvSvn && isvSvn <= 0xffff, "isvsvn is " + isvSvn);
  }

  /** The same image with other sources. */
  public Image withFiles(SortedMap<String, Path> sources) {
    return new Image(sources, values, interpreter, main, heapPages, isvProdId, isvSvn);
  }

  /** The one encoding: CBOR, value profile. */
  public Bytes encode() {
    TreeMap<String, Cbor> fields = new TreeMap<>();
    fields.put("files", dict(files, Path::toString));
    fields.put("values", dict(values, Function.identity()));
    fields.put("interpreter", Cbor.of(interpreter.toString()));
    fields.put("main", Cbor.of(main));
    fields.put("heap_pages", Cbor.of(heapPages));
    fields.put("isvprodid", Cbor.of(isvProdId));
    fields.put("isvsvn", Cbor.of(isvSvn));
    return new Cbor.Dict(fields).encode(Cbor.Profile.VALUES);
  }

  /**
   * Reads a declaration; throws {@link WireException} or {@link IllegalArgumentException} with what
   * was found on anything that is not exactly one.
   */
  public static Image decode(Bytes encoded) {
    if (!(Cbor.decode(encoded, Cbor.Profile.VALUES) instanceof Cbor.Dict(var found))) {
      throw new IllegalArgumentException("image declaration is not a map");
    }
    TreeMap<String, Cbor> fields = new TreeMap<>(found);
    Image image =
        new Image(
            texts(fields, "files", Path::of),
            texts(fields, "values", Function.identity()),
            Path.of(text(fields, "interpreter")),
            text(fields, "main"),
            number(fields, "heap_pages"),
            number(fields, "isvprodid"),
            number(fields, "isvsvn"));
    require(fields.isEmpty(), "image declaration has unknown fields " + fields.keySet());
    return image;
  }

  private static <T> Cbor dict(SortedMap<String, T> entries, Function<T, String> text) {
    TreeMap<String, Cbor> items = new TreeMap<>();
    entries.forEach((name, value) -> items.put(name, Cbor.of(text.apply(value))));
    return new Cbor.Dict(items);
  }

  private static <T> SortedMap<String, T> texts(
      TreeMap<String, Cbor> fields, String name, Function<String, T> read) {
    if (!(fields.remove(name) instanceof Cbor.Dict(var entries))) {
      throw new IllegalArgumentException("image declaration has no map '" + name + "'");
    }
    TreeMap<String, T> texts = new TreeMap<>();
    entries.forEach((key, item) -> {
      if (!(item instanceof Cbor.Text(String value))) {
        throw new IllegalArgumentException("image " + name + " '" + key + "' is not a text");
      }
      texts.put(key, read.apply(value));
    });
    return texts;
  }

  private static String text(TreeMap<String, Cbor> fields, String name) {
    if (fields.remove(name) instanceof Cbor.Text(String value)) {
      return value;
    }
    throw new IllegalArgumentException("image declaration has no text '" + name + "'");
  }

  private static int number(TreeMap<String, Cbor> fields, String name) {
    if (fields.remove(name) instanceof Cbor.Int(long value)
        && 0 <= value
        && value <= Integer.MAX_VALUE) {
      return (int) value;
    }
    throw new IllegalArgumentException("image declaration has no number '" + name + "'");
  }

  /** Relative, without empty, dot or dot-dot parts and without control characters. */
  private static boolean isPlain(String name) {
    if (name.isEmpty() || name.length() > 400 || !isOneLine(name)) {
      return false;
    }
    for (String part : name.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        return false;
      }
    }
    return true;
  }

  private static boolean isOneLine(String text) {
    return text.chars().noneMatch(c -> c < 0x20 || c == 0x7f);
  }

  private static void require(boolean holds, String found) {
    if (!holds) {
      throw new IllegalArgumentException(found);
    }
  }
}
