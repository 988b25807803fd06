package dev.reseal.lifecycle;

import dev.reseal.wire.Code;

/**
 * A refusal of the authority (protocol 6.3).
 *
 * @param number milliseconds to wait for {@code LEASE_RUNNING} and {@code SLOW_DOWN}, approvals
 *     missing for {@code NEED_APPROVAL}, else 0
 * @param allow the policy line that would allow it, or empty
 */
public record Denial(Code code, String rule, String detail, long number, String allow) {
  Cause cause() {
    String next = allow.isEmpty() ? "" : "policy would need: " + allow;
    return new Cause(code + "/" + rule, detail, next);
  }
}
