package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;

/** Ranges of the fields of our own values: a breach is a bug of the caller, not bad input. */
final class Check {
  private Check() {}

  static void size(String field, Bytes value, int size) {
    if (value.size() != size) {
      throw new IllegalArgumentException(
          field + " has " + value.size() + " bytes, it must have " + size);
    }
  }

  static void u16(String field, int value) {
    if (value < 0 || value > 0xFFFF) {
      throw new IllegalArgumentException(field + " is " + value + ", it must fit 16 bits");
    }
  }
}
