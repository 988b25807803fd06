package dev.reseal.supervisor;

import dev.reseal.wire.WireError;
import java.util.Optional;

/** The authority refused or stayed silent where an answer is needed to go on. */
public final class AuthorityException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Optional<WireError> error;

  AuthorityException(WireError error) {
    super(error.code() + "/" + error.rule() + ": " + error.detail());
    this.error = Optional.of(error);
  }

  AuthorityException(String silence) {
    super(silence);
    this.error = Optional.empty();
  }

  /** The refusal, or empty when there was no answer. */
  public Optional<WireError> error() {
    return error;
  }
}
