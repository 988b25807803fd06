package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerException.Rule;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Limits;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * Everything of a container that needs no key (protocol 5.6, steps 1 and 2): core, slots as written
 * at sealing time, footer, each decoded strictly and as received.
 *
 * @param size bytes of the file
 */
public record Envelope(
    Core core,
    Bytes encodedCore,
    List<Slot> slots,
    Bytes encodedSlots,
    Footer footer,
    Bytes encodedFooter,
    long size) {
  private static final int TRAILER = 16;
  private static final int TAIL = 5 + Limits.FOOTER + TRAILER;

  public Bytes coreDigest() {
    return encodedCore.sha256();
  }

  public Bytes bodyId() {
    return Digests.body(encodedCore, encodedFooter);
  }

  /** Reads the ends of a container; rules MAGIC, LENGTH, TRUNCATED, TRAILER, STRUCTURE. */
  public static Envelope read(ContainerSource source) throws IOException {
    ContainerSource.Tail tail = source.tail(TAIL);
    Bytes encodedFooter = footer(tail);
    try (InputStream in = source.open()) {
      Beginning beginning = Beginning.read(in);
      return new Envelope(
          beginning.core(),
          beginning.encodedCore(),
          beginning.slots(),
          beginning.encodedSlots(),
          Footer.decode(encodedFooter),
          encodedFooter,
          tail.size());
    }
  }

  private static Bytes footer(ContainerSource.Tail tail) {
    Bytes last = tail.last();
    int end = last.size() - TRAILER;
    if (end < 5 || !last.slice(end + 8, 8).equals(ContainerWriter.END)) {
      int found = Math.min(8, last.size());
      throw new ContainerException(
          Rule.TRAILER,
          "offset "
              + (tail.size() - found)
              + ": no trailer, found "
              + last.slice(last.size() - found, found)
              + ", expected "
              + ContainerWriter.END
              + ": the file was never finished, or was cut");
    }
    long offset = last.slice(end, 8).buffer().getLong();
    long at = offset - (tail.size() - last.size());
    if (at < 0 || at > end - 5 || last.at((int) at) != ContainerWriter.FOOTER_MARK) {
      throw new ContainerException(
          Rule.TRAILER,
          "the trailer points at offset "
              + Long.toUnsignedString(offset)
              + " of "
              + tail.size()
              + " bytes, expected a footer there");
    }
    long size = Integer.toUnsignedLong(last.slice((int) at + 1, 4).buffer().getInt());
    if (size < 1 || size > Limits.FOOTER) {
      throw new ContainerException(
          Rule.LENGTH,
          "offset "
              + (offset + 1)
              + ": footer of "
              + size
              + " bytes, expected 1 to "
              + Limits.FOOTER);
    }
    if (at + 5 + size != end) {
      throw new ContainerException(Rule.TRAILER, "the footer does not end at the trailer");
    }
    return last.slice((int) at + 5, (int) size);
  }

  /** What stands before the rounds. */
  record Beginning(Core core, Bytes encodedCore, List<Slot> slots, Bytes encodedSlots) {
    static Beginning read(InputStream in) throws IOException {
      if (!exactly(in, 8).equals(ContainerWriter.MAGIC)) {
        throw new ContainerException(
            Rule.MAGIC,
            "not a sealed state of version 1: offset 0, expected " + ContainerWriter.MAGIC);
      }
      Bytes core = exactly(in, length(in, Limits.CORE, "offset 8: core"));
      Core decoded = Core.decode(core);
      Bytes slots =
          exactly(in, length(in, Limits.SLOTS, "offset " + (12 + core.size()) + ": slots"));
      return new Beginning(decoded, core, Slot.decode(slots), slots);
    }

    /** Bytes in the file. */
    long size() {
      return 8L + 4 + encodedCore.size() + 4 + encodedSlots.size();
    }
  }

  static int length(InputStream in, int most, String what) throws IOException {
    long size = Integer.toUnsignedLong(exactly(in, 4).buffer().getInt());
    if (size < 1 || size > most) {
      throw new ContainerException(
          Rule.LENGTH, what + " of " + size + " bytes, expected 1 to " + most);
    }
    return (int) size;
  }

  static Bytes exactly(InputStream in, int size) throws IOException {
    byte[] content = new byte[size];
    fill(in, content, size);
    return Bytes.wrap(content);
  }

  static void fill(InputStream in, byte[] target, int size) throws IOException {
    try {
      if (in.readNBytes(target, 0, size) < size) {
        throw new ContainerException(Rule.TRUNCATED, "the container ends too early");
      }
    } catch (EOFException ended) {
      throw new ContainerException(Rule.TRUNCATED, "the container ends too early");
    }
  }
}
