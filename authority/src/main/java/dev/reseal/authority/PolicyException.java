package dev.reseal.authority;

/** A policy file that is refused: the line, the field, and what is wrong with it. */
public final class PolicyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int line;
  private final String field;

  PolicyException(int line, String field, String detail) {
    super("line " + line + (field.isEmpty() ? "" : ", " + field) + ": " + detail);
    this.line = line;
    this.field = field;
  }

  public int line() {
    return line;
  }

  /** Empty when the file is not even JSON. */
  public String field() {
    return field;
  }
}
