package dev.reseal.journal;

import java.io.IOException;

/**
 * The disk under the journal refused; the supervisor must stop, since it may not act without notes.
 */
public final class JournalException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  JournalException(String what, IOException cause) {
    super(what + ": " + cause.getMessage(), cause);
  }
}
