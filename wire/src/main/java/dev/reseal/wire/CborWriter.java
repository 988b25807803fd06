package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor.Profile;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Writes the one deterministic encoding of an item (RFC 8949 4.2.1, protocol 5.0). */
final class CborWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);
  private final Profile profile;

  private CborWriter(Profile profile) {
    this.profile = profile;
  }

  static Bytes write(Cbor item, Profile profile) {
    CborWriter writer = new CborWriter(profile);
    writer.item(item, 0);
    return Bytes.wrap(writer.out.toByteArray());
  }

  static Bytes headOf(int major, long argument) {
    CborWriter writer = new CborWriter(Profile.STRUCTURE);
    writer.head(major, argument);
    return Bytes.wrap(writer.out.toByteArray());
  }

  private void item(Cbor item, int depth) {
    switch (item) {
      case Cbor.Int(long value) -> number(value);
      case Cbor.Bin(Bytes value) -> {
        head(2, value.size());
        out.writeBytes(value.toArray());
      }
      case Cbor.Text(String value) -> text(value);
      case Cbor.Array(var items) -> {
        require(depth < profile.depth(), "nesting beyond " + profile.depth());
        head(4, items.size());
        items.forEach(each -> item(each, depth + 1));
      }
      case Cbor.Map(var entries) -> {
        require(profile == Profile.STRUCTURE, "uint keys in a value");
        require(depth < profile.depth(), "nesting beyond " + profile.depth());
        head(5, entries.size());
        for (Map.Entry<Long, Cbor> entry : entries.entrySet()) {
          head(0, entry.getKey());
          item(entry.getValue(), depth + 1);
        }
      }
      case Cbor.Dict(var entries) -> {
        require(profile == Profile.VALUES, "text keys in a structure");
        require(depth < profile.depth(), "nesting beyond " + profile.depth());
        head(5, entries.size());
        for (Map.Entry<String, Cbor> entry : entries.entrySet()) {
          text(entry.getKey());
          item(entry.getValue(), depth + 1);
        }
      }
      case Cbor.Bool(boolean value) -> out.write(value ? 0xf5 : 0xf4);
      case Cbor.Null() -> out.write(0xf6);
      case Cbor.Real(double value) -> real(value);
    }
  }

  private void number(long value) {
    if (value >= 0) {
      head(0, value);
    } else {
      require(profile == Profile.VALUES, "negative number " + value + " in a structure");
      head(1, -1 - value);
    }
  }

  private void text(String value) {
    try {
      ByteBuffer utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(value));
      head(3, utf8.remaining());
      byte[] content = new byte[utf8.remaining()];
      utf8.get(content);
      out.writeBytes(content);
    } catch (CharacterCodingException lone) {
      throw new IllegalArgumentException("text has a lone surrogate", lone);
    }
  }

  private void real(double value) {
    require(profile == Profile.VALUES, "float in a structure");
    Floats.Shortest shortest = Floats.shortest(value);
    out.write(0xe0 | shortest.info());
    big(shortest.bits(), shortest.size());
  }

  private void head(int major, long value) {
    int top = major << 5;
    if (value < 24) {
      out.write(top | (int) value);
    } else if (value <= 0xff) {
      out.write(top | 24);
      big(value, 1);
    } else if (value <= 0xffff) {
      out.write(top | 25);
      big(value, 2);
    } else if (value <= 0xffff_ffffL) {
      out.write(top | 26);
      big(value, 4);
    } else {
      out.write(top | 27);
      big(value, 8);
    }
  }

  private void big(long value, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
      out.write((int) (value >>> shift));
    }
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new IllegalArgumentException(what + ": not allowed by protocol 5.0");
    }
  }
}
