package dev.reseal.wire;

/** A constant that travels as a number. */
interface Numbered {
  int number();

  static <E extends Numbered> E of(E[] values, long number, String what) {
    for (E value : values) {
      if (value.number() == number) {
        return value;
      }
    }
    throw new WireException(WireException.Rule.RANGE, "no " + what + " " + number);
  }
}
