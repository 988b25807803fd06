package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;

/** Reads little-endian fields in order; no length is believed beyond what is left. */
final class LittleEndianReader {
  private final String what;
  private final Bytes bytes;
  private int at;

  LittleEndianReader(String what, Bytes bytes) {
    this.what = what;
    this.bytes = bytes;
  }

  int position() {
    return at;
  }

  int left() {
    return bytes.size() - at;
  }

  Bytes take(long size, String field) throws MalformedException {
    if (size > left()) {
      throw malformed(size + " bytes of " + field, "at most the " + left() + " bytes left");
    }
    Bytes part = bytes.slice(at, (int) size);
    at += (int) size;
    return part;
  }

  int u16(String field) throws MalformedException {
    Bytes raw = take(2, field);
    return (raw.at(0) & 0xff) | (raw.at(1) & 0xff) << 8;
  }

  long u32(String field) throws MalformedException {
    Bytes raw = take(4, field);
    long value = 0;
    for (int i = 3; i >= 0; i--) {
      value = value << 8 | (raw.at(i) & 0xff);
    }
    return value;
  }

  void end() throws MalformedException {
    if (left() != 0) {
      throw malformed(left() + " more bytes", "the end");
    }
  }

  MalformedException malformed(String found, String expected) {
    return new MalformedException(what, at, found, expected);
  }
}
