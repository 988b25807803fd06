package dev.reseal.wire;

/**
 * Bytes that are not what the protocol says, or not signed or encrypted as it says. Carries the
 * rule that refused them and public facts only, never key bytes or plaintext.
 */
public final class WireException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why bytes were refused; vectors name these. */
  public enum Rule {
    /** The input ends inside an item. */
    TRUNCATED,
    /** Bytes follow the item. */
    TRAILING,
    /** A length, number or float is not in its shortest form. */
    NOT_SHORTEST,
    /** An indefinite length. */
    INDEFINITE,
    /** Map keys are unsorted or repeated. */
    KEY_ORDER,
    /** A map key of a type that the profile does not have. */
    KEY_TYPE,
    /** An item of a type that the profile or the field does not have. */
    TYPE,
    /** A number outside its range. */
    RANGE,
    /** A text that is not valid UTF-8. */
    UTF8,
    /** Nesting beyond the profile's depth. */
    DEPTH,
    /** A byte string, text, list or message of the wrong or of too large a size. */
    SIZE,
    /** A field that is missing, unknown or has a value that is not allowed. */
    FIELD,
    /** A signature by another key than the expected one. */
    SIGNER,
    /** A signature that does not verify. */
    SIGNATURE,
    /** A public key in another form than the one allowed. */
    KEY,
    /** An HPKE ciphertext that does not open. */
    HPKE
  }

  private final Rule rule;
  private final String detail;

  public WireException(Rule rule, String detail) {
    super(rule + ": " + detail);
    this.rule = rule;
    this.detail = detail;
  }

  public Rule rule() {
    return rule;
  }

  public String detail() {
    return detail;
  }

  /** The code under which a party answers this refusal (protocol 6.3). */
  public Code code() {
    return switch (rule) {
      case TRUNCATED,
          TRAILING,
          NOT_SHORTEST,
          INDEFINITE,
          KEY_ORDER,
          KEY_TYPE,
          TYPE,
          RANGE,
          UTF8,
          DEPTH,
          SIZE,
          FIELD ->
          Code.CORRUPT;
      case SIGNER, SIGNATURE, KEY, HPKE -> Code.BINDING_MISMATCH;
    };
  }
}
