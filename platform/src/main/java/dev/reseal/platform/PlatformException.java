package dev.reseal.platform;

/** The platform could not be reached or did not keep its own protocol. */
public final class PlatformException extends RuntimeException {
  private final String call;

  public PlatformException(String call, String found) {
    super(call + ": " + found);
    this.call = call;
  }

  public PlatformException(String call, String found, Throwable cause) {
    super(call + ": " + found, cause);
    this.call = call;
  }

  /** The call that failed, by the name it has in spec 22.1. */
  public String call() {
    return call;
  }
}
