package dev.reseal.lifecycle;

/** The exit codes of the program (docs/reference/exit-codes.md). Stable; none is ever reused. */
public enum ExitCode {
  DONE(0),
  BUG(1),
  USAGE(2),
  ABORTED_SAFELY(10),
  BLOCKED(20),
  HOLD_OVER(30),
  NOT_PROVEN(40),
  STALE_STATE(41),
  NOT_OURS(42),
  EVIDENCE_REFUSED(43),
  EMULATED(44),
  REQUEST_REFUSED(45),
  QUARANTINED(46),
  COLLATERAL_REFUSED(47),
  OTHER_REPORT_DATA(48),
  CODE_REFUSED(49),
  RECOVERY_NEEDED(50);

  private final int number;

  ExitCode(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  public static ExitCode of(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Done _, Outcome.TakingOver _ -> DONE;
      case Outcome.Aborted _ -> ABORTED_SAFELY;
      case Outcome.Blocked _ -> BLOCKED;
      case Outcome.HoldOver _ -> HOLD_OVER;
      case Outcome.Refused(Denial denial) -> of(denial);
      case Outcome.Stopped _ -> RECOVERY_NEEDED;
    };
  }

  /** A refusal that left everything as it was. */
  public static ExitCode of(Denial denial) {
    return switch (denial.code()) {
      case BUSY, LEASE_RUNNING, PERMIT_EXPIRED, NEED_APPROVAL, SLOW_DOWN, UNAVAILABLE -> BLOCKED;
      case STALE_SEALED_STATE -> STALE_STATE;
      case LINEAGE_MISMATCH, BINDING_MISMATCH, PLATFORM_KEY_CHANGED, SVN_DOWNGRADE, CORRUPT ->
          NOT_OURS;
      case PLATFORM_REFUSED -> denial.rule().equals("emulated-root") ? EMULATED : EVIDENCE_REFUSED;
      case MEASUREMENT_REFUSED, COLLATERAL_ROLLBACK -> EVIDENCE_REFUSED;
      case OP_CONFLICT, WRONG_STATE, FENCED, KEY_DESTROYED, POLICY_REFUSED -> REQUEST_REFUSED;
      case QUARANTINED -> ExitCode.QUARANTINED;
      case RECOVERY_NEEDED -> ExitCode.RECOVERY_NEEDED;
    };
  }
}
