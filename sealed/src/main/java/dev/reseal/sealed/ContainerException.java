package dev.reseal.sealed;

import dev.reseal.wire.Code;
import dev.reseal.wire.WireException;

/**
 * A container or slot that is refused (protocol 5.6, 5.8); names the rule and public facts only.
 */
public final class ContainerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Protocol 5.8: the rules by which containers are refused, named in vectors. */
  public enum Rule {
    MAGIC(Code.CORRUPT),
    LENGTH(Code.CORRUPT),
    TRUNCATED(Code.CORRUPT),
    TRAILER(Code.CORRUPT),
    STRUCTURE(Code.CORRUPT),
    LINEAGE(Code.LINEAGE_MISMATCH),
    CORE_DIGEST(Code.STALE_SEALED_STATE),
    BODY_ID(Code.STALE_SEALED_STATE),
    POLICY(Code.POLICY_REFUSED),
    KEYREQUEST(Code.POLICY_REFUSED),
    PLATFORM_KEY_CHANGED(Code.PLATFORM_KEY_CHANGED),
    SVN_DOWNGRADE(Code.SVN_DOWNGRADE),
    PLATFORM(Code.PLATFORM_REFUSED),
    NO_SLOT(Code.RECOVERY_NEEDED),
    SHARE(Code.BINDING_MISMATCH),
    UNWRAP(Code.BINDING_MISMATCH),
    PK_OPEN(Code.BINDING_MISMATCH),
    FOOTER_MAC(Code.CORRUPT),
    MARK(Code.CORRUPT),
    SEGMENT(Code.CORRUPT),
    COUNTS(Code.CORRUPT),
    CT_ROOT(Code.CORRUPT),
    RECORD(Code.CORRUPT);

    private final Code code;

    Rule(Code code) {
      this.code = code;
    }

    /** The wire code under which a party answers it. */
    public Code code() {
      return code;
    }
  }

  private final Rule rule;
  private final String detail;

  public ContainerException(Rule rule, String detail) {
    super(rule + ": " + detail);
    this.rule = rule;
    this.detail = detail;
  }

  /** CBOR that is refused; its bytes are counted from the start of {@code part}. */
  static ContainerException structure(String part, WireException refused) {
    return new ContainerException(
        Rule.STRUCTURE, part + ": " + refused.rule() + ": " + refused.detail());
  }

  public Rule rule() {
    return rule;
  }

  public String detail() {
    return detail;
  }

  public Code code() {
    return rule.code();
  }
}
