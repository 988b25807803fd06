package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * PEM (RFC 7468) with one kind of block and nothing but white space between blocks. Zero bytes at
 * the end are dropped, as quoting libraries copy the terminator of the C string.
 */
final class Pem {
  private Pem() {}

  /** The DER of every block named {@code label}; at least one, at most {@code most}. */
  static List<byte[]> blocks(String what, Bytes pem, String label, int most)
      throws MalformedException {
    byte[] bytes = pem.toArray();
    String text = new String(bytes, 0, withoutZeros(bytes), StandardCharsets.ISO_8859_1);
    String begin = "-----BEGIN " + label + "-----";
    String end = "-----END " + label + "-----";
    List<byte[]> blocks = new ArrayList<>();
    int at = skipSpace(text, 0);
    while (at < text.length()) {
      if (blocks.size() == most) {
        throw new MalformedException(what, at, "more than " + most + " blocks", "at most " + most);
      }
      if (!text.startsWith(begin, at)) {
        throw new MalformedException(what, at, "other text", begin);
      }
      int from = at + begin.length();
      int to = text.indexOf(end, from);
      if (to < 0) {
        throw new MalformedException(what, from, "no end of the block", end);
      }
      blocks.add(decode(what, bytes, from, to));
      at = skipSpace(text, to + end.length());
    }
    if (blocks.isEmpty()) {
      throw new MalformedException(what, 0, "no block", begin);
    }
    return blocks;
  }

  private static byte[] decode(String what, byte[] bytes, int from, int to)
      throws MalformedException {
    byte[] packed = new byte[to - from];
    int size = 0;
    for (int i = from; i < to; i++) {
      if (!isSpace(bytes[i])) {
        packed[size++] = bytes[i];
      }
    }
    try {
      return Base64.getDecoder().decode(Arrays.copyOf(packed, size));
    } catch (IllegalArgumentException bad) {
      throw new MalformedException(what, from, "characters that are not base64", "base64");
    }
  }

  private static int withoutZeros(byte[] bytes) {
    int size = bytes.length;
    while (size > 0 && bytes[size - 1] == 0) {
      size--;
    }
    return size;
  }

  private static int skipSpace(String text, int from) {
    int at = from;
    while (at < text.length() && isSpace((byte) text.charAt(at))) {
      at++;
    }
    return at;
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\n' || b == '\r' || b == '\t';
  }
}
