package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Writes the fields of one little-endian structure in order; bytes never written stay zero. */
final class Writer {
  private final byte[] content;
  private final ByteBuffer out;

  Writer(int size) {
    content = new byte[size];
    out = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
  }

  Writer u16(int value) {
    out.putShort((short) value);
    return this;
  }

  Writer u32(long value) {
    out.putInt((int) value);
    return this;
  }

  Writer u64(long value) {
    out.putLong(value);
    return this;
  }

  Writer attributes(Attributes attributes) {
    out.putLong(attributes.flags()).putLong(attributes.xfrm());
    return this;
  }

  Writer bytes(Bytes bytes) {
    out.put(bytes.buffer());
    return this;
  }

  Writer zero(int size) {
    out.position(out.position() + size);
    return this;
  }

  /** The structure, once all of it was written or skipped. */
  Bytes done() {
    if (out.hasRemaining()) {
      throw new IllegalStateException(out.remaining() + " bytes of the structure were not written");
    }
    return Bytes.wrap(content);
  }
}
