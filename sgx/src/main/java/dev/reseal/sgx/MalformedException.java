package dev.reseal.sgx;

/**
 * Bytes that are not the structure they were read as: what, where, what stood there, what should.
 */
public final class MalformedException extends Exception {
  private static final long serialVersionUID = 1;

  private final String what;
  private final long offset;
  private final String found;
  private final String expected;

  /** {@code offset} counts bytes from the start of {@code what}. */
  public MalformedException(String what, long offset, String found, String expected) {
    super(what + " at offset " + offset + ": found " + found + ", expected " + expected);
    this.what = what;
    this.offset = offset;
    this.found = found;
    this.expected = expected;
  }

  public String what() {
    return what;
  }

  public long offset() {
    return offset;
  }

  public String found() {
    return found;
  }

  public String expected() {
    return expected;
  }
}
