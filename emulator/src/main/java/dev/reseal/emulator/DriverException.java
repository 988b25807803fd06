package dev.reseal.emulator;

/** A driver call that failed, with its error number and what the kernel would not say. */
public final class DriverException extends Exception {
  private final Errno errno;

  DriverException(Errno errno, String detail) {
    super(errno + ": " + detail);
    this.errno = errno;
  }

  public Errno errno() {
    return errno;
  }
}
