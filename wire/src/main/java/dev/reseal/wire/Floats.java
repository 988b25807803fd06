package dev.reseal.wire;

/** The shortest IEEE 754 form that keeps a value (RFC 8949 4.2.2); the only NaN is f97e00. */
final class Floats {
  private Floats() {}

  /** Bits of {@code size} bytes behind the additional information {@code info}. */
  record Shortest(int info, long bits, int size) {}

  static Shortest shortest(double value) {
    if (Double.isNaN(value)) {
      return new Shortest(25, 0x7e00, 2);
    }
    float single = (float) value;
    if (Double.doubleToRawLongBits(single) != Double.doubleToRawLongBits(value)) {
      return new Shortest(27, Double.doubleToRawLongBits(value), 8);
    }
    short half = Float.floatToFloat16(single);
    if (Float.floatToRawIntBits(Float.float16ToFloat(half)) != Float.floatToRawIntBits(single)) {
      return new Shortest(26, Float.floatToRawIntBits(single) & 0xffff_ffffL, 4);
    }
    return new Shortest(25, half & 0xffff, 2);
  }

  static double value(long bits, int size) {
    return switch (size) {
      case 2 -> Float.float16ToFloat((short) bits);
      case 4 -> Float.intBitsToFloat((int) bits);
      case 8 -> Double.longBitsToDouble(bits);
      default -> throw new IllegalArgumentException("no float of " + size + " bytes");
    };
  }
}
