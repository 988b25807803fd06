package dev.reseal.sgx;

/** What kind of platform made a piece of evidence; the numbers are those of protocol 6. */
public enum PlatformKind {
  SGX(1),
  EMULATED(2);

  private final int number;

  PlatformKind(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /** The kind with this number; throws {@link MalformedException} if there is none. */
  public static PlatformKind of(long number) throws MalformedException {
    for (PlatformKind kind : values()) {
      if (kind.number == number) {
        return kind;
      }
    }
    throw new MalformedException(
        "platform kind", 0, Long.toString(number), "1 (SGX) or 2 (emulated)");
  }
}
