package dev.reseal.quote;

import java.math.BigInteger;
import java.time.Instant;

/**
 * The newest collateral that a relying party has accepted: older collateral is never taken again,
 * because whoever keeps it could hide a revocation or a TCB recovery.
 */
public record Floor(
    int tcbEvaluationNumber, BigInteger rootCrlNumber, BigInteger pckCrlNumber, Instant issued) {
  /** Nothing seen yet. */
  public static final Floor NONE = new Floor(0, BigInteger.ZERO, BigInteger.ZERO, Instant.EPOCH);

  /** The floor after accepting {@code evidence}; it never goes down. */
  public Floor raise(Evidence evidence) {
    return new Floor(
        Math.max(tcbEvaluationNumber, evidence.tcbEvaluationNumber()),
        rootCrlNumber.max(evidence.rootCrlNumber()),
        pckCrlNumber.max(evidence.pckCrlNumber()),
        issued.isAfter(evidence.issued()) ? issued : evidence.issued());
  }
}
