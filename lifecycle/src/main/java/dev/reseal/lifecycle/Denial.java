package dev.reseal.lifecycle;

import dev.reseal.wire.Code;
import dev.reseal.wire.WireError;

/**
 * A refusal of the authority (protocol 6.3).
 *
 * @param number milliseconds to wait for {@code LEASE_RUNNING} and {@code SLOW_DOWN}, approvals
 *     missing for {@code NEED_APPROVAL}, else 0
 * @param allow the policy line that would allow it, or empty
 */
public record Denial(Code code, String rule, String detail, long number, String allow) {
  private static final String APPROVE =
      "keep the request with --save-request, have it approved (reseal authority approve), and make"
          + " it with --request and --approval";

  /** A refusal as it travelled. */
  public static Denial of(WireError error) {
    return new Denial(
        error.code(),
        error.rule(),
        error.detail(),
        error.number().orElse(0L),
        error.allow().orElse(""));
  }

  /** Too late or, in quarantine, not judged at all: what is to be done now, a survey tells. */
  boolean unsettles() {
    return code == Code.FENCED || code == Code.WRONG_STATE || code == Code.QUARANTINED;
  }

  /** What somebody who asked can do about it. */
  public Cause cause() {
    String approve = code == Code.NEED_APPROVAL ? APPROVE : "";
    String next = allow.isEmpty() ? approve : "policy would need: " + allow;
    return new Cause(code + "/" + rule, detail, next);
  }
}
