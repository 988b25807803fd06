package dev.reseal.wire;

/** The error codes of the wire (protocol 6.3). Never exit codes. */
public enum Code implements Numbered {
  BUSY(110),
  OP_CONFLICT(111),
  WRONG_STATE(112),
  FENCED(113),
  LEASE_RUNNING(120),
  PERMIT_EXPIRED(121),
  NEED_APPROVAL(122),
  SLOW_DOWN(123),
  UNAVAILABLE(130),
  QUARANTINED(131),
  KEY_DESTROYED(132),
  STALE_SEALED_STATE(141),
  LINEAGE_MISMATCH(142),
  BINDING_MISMATCH(143),
  PLATFORM_REFUSED(144),
  MEASUREMENT_REFUSED(145),
  COLLATERAL_ROLLBACK(146),
  PLATFORM_KEY_CHANGED(147),
  SVN_DOWNGRADE(148),
  CORRUPT(149),
  RECOVERY_NEEDED(150),
  POLICY_REFUSED(151);

  private final int number;

  Code(int number) {
    this.number = number;
  }

  @Override
  public int number() {
    return number;
  }

  /** Whether a repeat of the same input can have no other answer. */
  public boolean isFinal() {
    return switch (this) {
      case BUSY, LEASE_RUNNING, PERMIT_EXPIRED, NEED_APPROVAL, SLOW_DOWN, UNAVAILABLE -> false;
      case OP_CONFLICT,
          WRONG_STATE,
          FENCED,
          QUARANTINED,
          KEY_DESTROYED,
          STALE_SEALED_STATE,
          LINEAGE_MISMATCH,
          BINDING_MISMATCH,
          PLATFORM_REFUSED,
          MEASUREMENT_REFUSED,
          COLLATERAL_ROLLBACK,
          PLATFORM_KEY_CHANGED,
          SVN_DOWNGRADE,
          CORRUPT,
          RECOVERY_NEEDED,
          POLICY_REFUSED ->
          true;
    };
  }

  public static Code of(long number) {
    return Numbered.of(values(), number, "error code");
  }
}
