package dev.reseal.platform;

import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
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
  /** The most files of one image. */
  public static final int MOST_FILES = 20_000;

  /** The most heap pages: 64 GiB. */
  public static final int MOST_HEAP_PAGES = 1 << 24;

  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,63}");

  public Image {
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
    values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
    require(files.size() <= MOST_FILES, "image has " + files.size() + " files");
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
