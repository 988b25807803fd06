package dev.reseal.attack;

import dev.reseal.bytes.Bytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Encodings that are dear to whoever believes them, and the DER to put them in. */
final class Bombs {
  static final int DEPTH = 40_000;
  private static final int LONG = 200_000;
  private static final int SEQUENCE = 0x30;
  private static final int INTEGER = 0x02;
  private static final int OID = 0x06;
  private static final int SET = 0x31;

  private Bombs() {}

  /** Nested, long, wide, and three that lie about how long they are. */
  static List<Bytes> der() {
    Bytes ones = Bytes.wrap(filled(LONG, 0x7f));
    Bytes sets = tlv(SET, Bytes.EMPTY);
    return List.of(
        nested(),
        tlv(OID, ones),
        tlv(INTEGER, ones),
        tlv(SEQUENCE, joined(Collections.nCopies(LONG / 4, sets))),
        Bytes.hex("3083ffffff"),
        Bytes.hex("3084ffffffff"),
        Bytes.hex("30800000"));
  }

  static Bytes nested() {
    int most = 5 * DEPTH;
    byte[] all = new byte[most];
    int at = most;
    for (int i = 0; i < DEPTH; i++) {
      byte[] head = head(SEQUENCE, most - at);
      at -= head.length;
      System.arraycopy(head, 0, all, at, head.length);
    }
    return Bytes.wrap(all).slice(at, most - at);
  }

  private static byte[] filled(int size, int value) {
    byte[] all = new byte[size];
    Arrays.fill(all, (byte) value);
    return all;
  }

  private static Bytes joined(List<Bytes> parts) {
    return Bytes.concat(parts.toArray(Bytes[]::new));
  }

  static Bytes tlv(int tag, Bytes content) {
    return Bytes.concat(Bytes.wrap(head(tag, content.size())), content);
  }

  private static byte[] head(int tag, int size) {
    int bytes = size < 0x80 ? 0 : size < 0x100 ? 1 : size < 0x10000 ? 2 : 3;
    byte[] head = new byte[2 + bytes];
    head[0] = (byte) tag;
    head[1] = (byte) (bytes == 0 ? size : 0x80 + bytes);
    for (int i = 0; i < bytes; i++) {
      head[2 + i] = (byte) (size >>> (8 * (bytes - 1 - i)));
    }
    return head;
  }

  /** The elements inside the first element of {@code der}, which is well-formed. */
  static List<Bytes> children(Bytes der) {
    List<Bytes> found = new ArrayList<>();
    int end = contentAt(der, 0) + length(der, 0);
    for (int at = contentAt(der, 0); at < end; ) {
      int next = contentAt(der, at) + length(der, at);
      found.add(der.slice(at, next - at));
      at = next;
    }
    return found;
  }

  private static int contentAt(Bytes der, int at) {
    int first = der.at(at + 1) & 0xff;
    return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
  }

  static int length(Bytes der, int at) {
    int size = der.at(at + 1) & 0xff;
    if (size < 0x80) {
      return size;
    }
    int all = 0;
    for (int i = 0; i < (size & 0x7f); i++) {
      all = all << 8 | (der.at(at + 2 + i) & 0xff);
    }
    return all;
  }

  /** A signed structure with each of its signed fields replaced in turn by each bomb. */
  static List<Bytes> inEveryField(Bytes signed) {
    List<Bytes> outer = children(signed);
    List<Bytes> fields = children(outer.getFirst());
    List<Bytes> all = new ArrayList<>();
    for (Bytes bomb : der()) {
      for (int i = 0; i < fields.size(); i++) {
        List<Bytes> changed = new ArrayList<>(fields);
        changed.set(i, bomb);
        List<Bytes> whole = new ArrayList<>(outer);
        whole.set(0, tlv(SEQUENCE, joined(changed)));
        all.add(tlv(SEQUENCE, joined(whole)));
      }
    }
    return all;
  }

  /** Twenty ways of writing what is not one strict JSON value with integers. */
  static List<String> json() {
    String deep = "[".repeat(DEPTH) + "]".repeat(DEPTH);
    String objects = "{\"a\":".repeat(DEPTH) + "1" + "}".repeat(DEPTH);
    return List.of(
        deep,
        objects,
        "9".repeat(LONG),
        "-" + "9".repeat(40),
        "1e999999999",
        "1.5",
        "0x10",
        "010",
        "+1",
        "NaN",
        "Infinity",
        "'text'",
        "\"\u0001\"",
        "\"\\x41\"",
        "\"open",
        "[1,]",
        "[1 2]",
        "{\"a\":1,\"a\":2}",
        "// 1\n1",
        "undefined");
  }
}
