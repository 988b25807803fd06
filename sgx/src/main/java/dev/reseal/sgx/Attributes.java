package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.util.ArrayList;
import java.util.List;

/**
 * ATTRIBUTES of an enclave, or a mask over them: 16 bytes, {@code u64 flags} then {@code u64 xfrm}
 * (SDM volume 3D, "ATTRIBUTES").
 */
public record Attributes(long flags, long xfrm) {
  public static final int SIZE = 16;

  public static final long INIT = 0x1;
  public static final long DEBUG = 0x2;
  public static final long MODE64BIT = 0x4;
  public static final long PROVISIONKEY = 0x10;
  public static final long EINITTOKENKEY = 0x20;
  public static final long CET = 0x40;
  public static final long KSS = 0x80;
  public static final long AEXNOTIFY = 0x400;

  /** x87 and SSE, mandatory in XFRM. */
  public static final long XFRM_LEGACY = 0x3;

  public static final Attributes NONE = new Attributes(0, 0);

  /** A 64-bit production enclave before EINIT. */
  public static final Attributes PRODUCTION = new Attributes(MODE64BIT, XFRM_LEGACY);

  private record Named(long bit, String name) {}

  private static final List<Named> NAMES =
      List.of(
          new Named(INIT, "INIT"),
          new Named(DEBUG, "DEBUG"),
          new Named(MODE64BIT, "MODE64BIT"),
          new Named(PROVISIONKEY, "PROVISIONKEY"),
          new Named(EINITTOKENKEY, "EINITTOKENKEY"),
          new Named(CET, "CET"),
          new Named(KSS, "KSS"),
          new Named(AEXNOTIFY, "AEXNOTIFY"));

  public static Attributes parse(Bytes bytes) throws MalformedException {
    return Fields.exactly(SIZE, "ATTRIBUTES", bytes).attributes();
  }

  public Bytes encode() {
    return new Writer(SIZE).attributes(this).done();
  }

  /** Whether all bits of {@code bits} are set in the flags. */
  public boolean has(long bits) {
    return (flags & bits) == bits;
  }

  public Attributes with(long bits) {
    return new Attributes(flags | bits, xfrm);
  }

  public Attributes without(long bits) {
    return new Attributes(flags & ~bits, xfrm);
  }

  public Attributes and(Attributes mask) {
    return new Attributes(flags & mask.flags, xfrm & mask.xfrm);
  }

  public Attributes xor(Attributes other) {
    return new Attributes(flags ^ other.flags, xfrm ^ other.xfrm);
  }

  /** Names of the flags that are set; bits without a name as one hex number. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    long rest = flags;
    for (Named named : NAMES) {
      if (has(named.bit)) {
        names.add(named.name);
      }
      rest &= ~named.bit;
    }
    if (rest != 0) {
      names.add("0x" + Long.toHexString(rest));
    }
    return List.copyOf(names);
  }

  @Override
  public String toString() {
    return String.join("|", names()) + " xfrm 0x" + Long.toHexString(xfrm);
  }
}
