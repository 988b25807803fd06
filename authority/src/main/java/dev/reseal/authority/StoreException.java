package dev.reseal.authority;

/** The register's store failed; the message says what was asked. Nothing was committed. */
public class StoreException extends RuntimeException {
  public StoreException(String detail) {
    super(detail);
  }

  public StoreException(String detail, Throwable cause) {
    super(detail, cause);
  }

  /** The register is older than what was anchored, or another one. */
  public static final class Rollback extends StoreException {
    public Rollback(String detail) {
      super("rollback suspected: " + detail);
    }
  }

  /** Another writer changed the row since it was read. */
  public static final class Stale extends StoreException {
    public Stale(long expected, long found) {
      super("row is at version " + found + ", expected " + expected);
    }
  }
}
