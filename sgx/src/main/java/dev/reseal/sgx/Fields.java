package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Reads the fields of one little-endian structure in order; every refusal carries its offset. */
final class Fields {
  private final String what;
  private final Bytes bytes;
  private final ByteBuffer in;

  private Fields(String what, Bytes bytes) {
    this.what = what;
    this.bytes = bytes;
    this.in = bytes.buffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Starts reading {@code bytes}, which must be exactly {@code size} long. */
  static Fields exactly(int size, String what, Bytes bytes) throws MalformedException {
    if (bytes.size() != size) {
      throw new MalformedException(
          what, Math.min(size, bytes.size()), bytes.size() + " bytes", size + " bytes");
    }
    return new Fields(what, bytes);
  }

  int offset() {
    return in.position();
  }

  int u16() {
    return Short.toUnsignedInt(in.getShort());
  }

  /** A u32 as raw bits. */
  int bits32() {
    return in.getInt();
  }

  long u32() {
    return Integer.toUnsignedLong(in.getInt());
  }

  /** A u64 as raw bits. */
  long bits64() {
    return in.getLong();
  }

  Attributes attributes() {
    return new Attributes(in.getLong(), in.getLong());
  }

  Bytes bytes(int size) {
    Bytes field = bytes.slice(in.position(), size);
    in.position(in.position() + size);
    return field;
  }

  /** Skips {@code size} reserved bytes, which must be zero. */
  void zero(int size) throws MalformedException {
    for (int i = 0; i < size; i++) {
      int offset = in.position();
      byte found = in.get();
      if (found != 0) {
        throw new MalformedException(
            what, offset, "%02x".formatted(found), "a zero byte (reserved)");
      }
    }
  }

  /** Skips a field whose value is fixed. */
  void fixed(Bytes value) throws MalformedException {
    int offset = in.position();
    Bytes found = bytes(value.size());
    if (!found.equals(value)) {
      throw new MalformedException(what, offset, found.toHex(), value.toHex());
    }
  }

  MalformedException malformed(int offset, String found, String expected) {
    return new MalformedException(what, offset, found, expected);
  }
}
