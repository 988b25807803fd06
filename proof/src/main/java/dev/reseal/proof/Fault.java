package dev.reseal.proof;

/** A check of a proof that fails, on its way to {@link Finding.Refused}. */
final class Fault extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String field;
  private final String detail;

  Fault(String field, String detail) {
    super(field + ": " + detail, null, false, false);
    this.field = field;
    this.detail = detail;
  }

  static void unless(boolean holds, String field, String detail) {
    if (!holds) {
      throw new Fault(field, detail);
    }
  }

  Finding.Refused finding() {
    return new Finding.Refused(field, detail);
  }
}
