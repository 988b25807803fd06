package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Writes a C structure of a fixed size; what is left at the end is zero. */
final class LittleEndian {
  private final byte[] content;
  private final ByteBuffer out;

  LittleEndian(int size) {
    content = new byte[size];
    out = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
  }

  LittleEndian u16(int value) {
    out.putShort((short) value);
    return this;
  }

  LittleEndian u32(int value) {
    out.putInt(value);
    return this;
  }

  LittleEndian bytes(Bytes value) {
    out.put(value.buffer());
    return this;
  }

  /** The value, or zeros of the same size. */
  LittleEndian bytes(boolean present, Bytes value) {
    return present ? bytes(value) : skip(value.size());
  }

  LittleEndian skip(int size) {
    out.position(out.position() + size);
    return this;
  }

  Bytes done() {
    return Bytes.wrap(content);
  }
}
