package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;

/**
 * SECINFO (64 bytes): permissions and type of an enclave page, {@code flags} as in the manual
 * (permissions in bits 0 to 2, page type in bits 8 to 15).
 */
public record SecInfo(long flags) {
  public static final int SIZE = 64;

  public static final long R = 0x1;
  public static final long W = 0x2;
  public static final long X = 0x4;
  public static final long PENDING = 0x8;
  public static final long MODIFIED = 0x10;
  public static final long PR = 0x20;

  public static final long TYPE_SECS = 0x000;
  public static final long TYPE_TCS = 0x100;
  public static final long TYPE_REG = 0x200;
  public static final long TYPE_VA = 0x300;
  public static final long TYPE_TRIM = 0x400;
  public static final long TYPE_SS_FIRST = 0x500;
  public static final long TYPE_SS_REST = 0x600;

  private static final long KNOWN = 0xFF3F;

  public static final SecInfo TCS = new SecInfo(TYPE_TCS);

  public SecInfo {
    if ((flags & ~KNOWN) != 0) {
      throw new IllegalArgumentException(
          "SECINFO flags 0x" + Long.toHexString(flags) + " hold reserved bits");
    }
  }

  /** A regular page with these permission bits. */
  public static SecInfo regular(long permissions) {
    return new SecInfo(TYPE_REG | permissions);
  }

  public static SecInfo parse(Bytes bytes) throws MalformedException {
    Fields in = Fields.exactly(SIZE, "SECINFO", bytes);
    SecInfo secInfo = checked("SECINFO", 0, in.bits64());
    in.zero(56);
    return secInfo;
  }

  /** {@code flags} as read from {@code what} at {@code offset}. */
  static SecInfo checked(String what, long offset, long flags) throws MalformedException {
    if ((flags & ~KNOWN) != 0) {
      throw new MalformedException(
          what, offset, "flags 0x" + Long.toHexString(flags), "no bits outside 0xff3f (reserved)");
    }
    return new SecInfo(flags);
  }

  public Bytes encode() {
    return new Writer(SIZE).u64(flags).zero(56).done();
  }

  public long pageType() {
    return flags & 0xFF00;
  }

  public long permissions() {
    return flags & (R | W | X);
  }

  @Override
  public String toString() {
    String type =
        switch ((int) (pageType() >>> 8)) {
          case 0 -> "SECS";
          case 1 -> "TCS";
          case 2 -> "REG";
          case 3 -> "VA";
          case 4 -> "TRIM";
          case 5 -> "SS_FIRST";
          case 6 -> "SS_REST";
          default -> "type" + (pageType() >>> 8);
        };
    return type
        + " "
        + ((flags & R) != 0 ? "r" : "-")
        + ((flags & W) != 0 ? "w" : "-")
        + ((flags & X) != 0 ? "x" : "-");
  }
}
