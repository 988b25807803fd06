package dev.reseal.instance;

import dev.reseal.wire.Keyset;

/** What the instance asks of the application around it. */
public interface Application {
  /** Names the stores and schema versions that {@link #restore} understands. */
  boolean understands(String store, long schemaVersion);

  /** Runs after a whole state was verified, before any key; throws to fail the candidate. */
  void restore(Stores stores) throws HookException;

  /** Runs before the first request and at each rekey; throws to refuse the generation. */
  void onKey(Keyset keyset) throws HookException;

  /** The application cannot go on with what it was given. */
  final class HookException extends Exception {
    private static final long serialVersionUID = 1L;

    public HookException(String detail) {
      super(detail);
    }
  }
}
