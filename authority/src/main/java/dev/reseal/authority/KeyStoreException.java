package dev.reseal.authority;

/** The key store's file cannot be read or written; the message says which and why. */
public final class KeyStoreException extends RuntimeException {
  public KeyStoreException(String detail) {
    super(detail);
  }

  public KeyStoreException(String detail, Throwable cause) {
    super(detail, cause);
  }
}
