package dev.reseal.mutation;

/** What becomes of a wrong message. */
public sealed interface Cell {
  /** Refused by that name; nothing changes, and the good one is taken afterwards. */
  record Refused(String rule) implements Cell {}

  /** Taken, and nothing changes; the note says why that is right. */
  record Unmoved(String note) implements Cell {}

  /** Taken like the good one; the note says why it is no worse. */
  record AsGood(String note) implements Cell {}

  static Cell of(String text) {
    String rest = text.substring(1);
    return switch (text.charAt(0)) {
      case '-' -> new Refused(rest);
      case '.' -> new Unmoved(rest);
      case '=' -> new AsGood(rest);
      default -> throw new IllegalArgumentException("no cell of spec/mutations.vec: " + text);
    };
  }
}
