package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor.Profile;
import dev.reseal.wire.WireException.Rule;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads one item and refuses every encoding but the deterministic one. Never allocates more than
 * the input can fill: an announced length is checked against the bytes that are left.
 */
final class CborReader {
  private final ByteBuffer in;
  private final Profile profile;
  private final Keep keep;

  CborReader(ByteBuffer in, Profile profile, Keep keep) {
    this.in = in;
    this.profile = profile;
    this.keep = keep;
  }

  /** Whether byte strings are copied out or only passed over. */
  enum Keep {
    ALL,
    NO_BYTE_STRINGS
  }

  Cbor only() {
    Cbor item = item(0);
    if (in.hasRemaining()) {
      throw refuse(Rule.TRAILING, in.remaining() + " bytes follow the item");
    }
    return item;
  }

  private Cbor item(int depth) {
    int first = next();
    int major = first >>> 5;
    int info = first & 31;
    return switch (major) {
      case 0 -> new Cbor.Int(argument(info));
      case 1 -> new Cbor.Int(negative(argument(info)));
      case 2 -> new Cbor.Bin(bytes(argument(info)));
      case 3 -> new Cbor.Text(text(argument(info)));
      case 4 -> array(argument(info), depth);
      case 5 -> map(argument(info), depth);
      case 6 -> throw refuse(Rule.TYPE, "a tag");
      default -> simple(info);
    };
  }

  private long negative(long argument) {
    if (profile == Profile.STRUCTURE) {
      throw refuse(Rule.TYPE, "a negative number in a structure");
    }
    return -1 - argument;
  }

  private Cbor array(long count, int depth) {
    List<Cbor> items = new ArrayList<>(fits(count, 1, depth));
    for (long i = 0; i < count; i++) {
      items.add(item(depth + 1));
    }
    return new Cbor.Array(items);
  }

  private Cbor map(long count, int depth) {
    int size = fits(count, 2, depth);
    return switch (profile) {
      case STRUCTURE -> structure(size, depth);
      case VALUES -> dict(size, depth);
    };
  }

  private Cbor structure(int count, int depth) {
    OwnEntries entries = new OwnEntries();
    long last = -1;
    for (int i = 0; i < count; i++) {
      int first = next();
      if (first >>> 5 != 0) {
        throw refuse(Rule.KEY_TYPE, "a map key that is no uint");
      }
      long key = argument(first & 31);
      if (key <= last) {
        throw refuse(Rule.KEY_ORDER, "key " + key + " after " + last);
      }
      last = key;
      entries.put(key, item(depth + 1));
    }
    return new Cbor.Map(entries);
  }

  private Cbor dict(int count, int depth) {
    SortedMap<String, Cbor> entries = new TreeMap<>(Cbor.KEY_ORDER);
    for (int i = 0; i < count; i++) {
      int first = next();
      if (first >>> 5 != 3) {
        throw refuse(Rule.KEY_TYPE, "a map key that is no text");
      }
      String key = text(argument(first & 31));
      if (!entries.isEmpty() && Cbor.KEY_ORDER.compare(entries.lastKey(), key) >= 0) {
        throw refuse(Rule.KEY_ORDER, "text keys out of order or repeated");
      }
      entries.put(key, item(depth + 1));
    }
    return new Cbor.Dict(entries);
  }

  private Cbor simple(int info) {
    return switch (info) {
      case 20 -> new Cbor.Bool(false);
      case 21 -> new Cbor.Bool(true);
      case 22 -> Cbor.nil();
      case 25 -> real(2, info);
      case 26 -> real(4, info);
      case 27 -> real(8, info);
      case 31 -> throw refuse(Rule.INDEFINITE, "a break");
      default -> throw refuse(Rule.TYPE, "simple value " + info);
    };
  }

  private Cbor real(int size, int info) {
    if (profile == Profile.STRUCTURE) {
      throw refuse(Rule.TYPE, "a float in a structure");
    }
    long bits = big(size);
    double value = Floats.value(bits, size);
    Floats.Shortest shortest = Floats.shortest(value);
    if (shortest.info() != info || shortest.bits() != bits) {
      throw refuse(Rule.NOT_SHORTEST, "a float of " + size + " bytes that has a shorter form");
    }
    return new Cbor.Real(value);
  }

  /** Refuses a count of items, each of at least {@code least} bytes, that the input cannot hold. */
  private int fits(long count, int least, int depth) {
    if (depth >= profile.depth()) {
      throw refuse(Rule.DEPTH, "nesting beyond " + profile.depth());
    }
    if (count > in.remaining() / least) {
      throw refuse(Rule.TRUNCATED, count + " items announced, " + in.remaining() + " bytes left");
    }
    return (int) count;
  }

  private Bytes bytes(long size) {
    return switch (keep) {
      case ALL -> Bytes.wrap(content(size));
      case NO_BYTE_STRINGS -> {
        in.position(in.position() + within(size));
        yield Bytes.EMPTY;
      }
    };
  }

  private byte[] content(long size) {
    byte[] content = new byte[within(size)];
    in.get(content);
    return content;
  }

  private int within(long size) {
    if (size > in.remaining()) {
      throw refuse(Rule.TRUNCATED, size + " bytes announced, " + in.remaining() + " left");
    }
    return (int) size;
  }

  private String text(long size) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content(size))).toString();
    } catch (CharacterCodingException invalid) {
      throw refuse(Rule.UTF8, "a text that is not UTF-8");
    }
  }

  private long argument(int info) {
    if (info < 24) {
      return info;
    }
    return switch (info) {
      case 24 -> shortest(big(1), 24);
      case 25 -> shortest(big(2), 0x100);
      case 26 -> shortest(big(4), 0x1_0000);
      case 27 -> {
        long value = big(8);
        if (value < 0) {
          throw refuse(Rule.RANGE, "a number above 2^63-1");
        }
        yield shortest(value, 0x1_0000_0000L);
      }
      case 31 -> throw refuse(Rule.INDEFINITE, "an indefinite length");
      default -> throw refuse(Rule.TYPE, "additional information " + info);
    };
  }

  private long shortest(long value, long least) {
    if (value < least) {
      throw refuse(Rule.NOT_SHORTEST, "number " + value + " has a shorter form");
    }
    return value;
  }

  private long big(int size) {
    if (size > in.remaining()) {
      throw refuse(Rule.TRUNCATED, "the input ends inside a number");
    }
    long value = 0;
    for (int i = 0; i < size; i++) {
      value = value << 8 | (in.get() & 0xff);
    }
    return value;
  }

  private int next() {
    if (!in.hasRemaining()) {
      throw refuse(Rule.TRUNCATED, "the input ends where an item should begin");
    }
    return in.get() & 0xff;
  }

  private WireException refuse(Rule rule, String what) {
    return new WireException(rule, "cbor at byte " + in.position() + ": " + what);
  }
}
