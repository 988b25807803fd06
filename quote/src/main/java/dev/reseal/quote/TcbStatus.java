package dev.reseal.quote;

import java.util.Optional;

/** Intel's words for the state of a platform, as they stand in collateral and results. */
public enum TcbStatus {
  UP_TO_DATE("UpToDate"),
  SW_HARDENING_NEEDED("SWHardeningNeeded"),
  CONFIGURATION_NEEDED("ConfigurationNeeded"),
  CONFIGURATION_AND_SW_HARDENING_NEEDED("ConfigurationAndSWHardeningNeeded"),
  OUT_OF_DATE("OutOfDate"),
  OUT_OF_DATE_CONFIGURATION_NEEDED("OutOfDateConfigurationNeeded"),
  TD_RELAUNCH_ADVISED("TDRelaunchAdvised"),
  TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED("TDRelaunchAdvisedConfigurationNeeded"),
  REVOKED("Revoked");

  private final String word;

  TcbStatus(String word) {
    this.word = word;
  }

  public String word() {
    return word;
  }

  public static Optional<TcbStatus> of(String word) {
    for (TcbStatus status : values()) {
      if (status.word.equals(word)) {
        return Optional.of(status);
      }
    }
    return Optional.empty();
  }

  /** The status that a level in collateral may have: relaunch words are results only. */
  static Optional<TcbStatus> ofLevel(String word) {
    return of(word)
        .filter(status ->
            status != TD_RELAUNCH_ADVISED && status != TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED);
  }

  boolean needsConfiguration() {
    return switch (this) {
      case CONFIGURATION_NEEDED,
          CONFIGURATION_AND_SW_HARDENING_NEEDED,
          OUT_OF_DATE_CONFIGURATION_NEEDED,
          TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED ->
          true;
      case UP_TO_DATE, SW_HARDENING_NEEDED, OUT_OF_DATE, TD_RELAUNCH_ADVISED, REVOKED -> false;
    };
  }

  boolean outOfDate() {
    return this == OUT_OF_DATE || this == OUT_OF_DATE_CONFIGURATION_NEEDED;
  }

  /**
   * This status of a platform, once that of its TDX module or quoting enclave counts too; {@code
   * other} is up to date, out of date or revoked (Intel QVL, ConvergeTcbStatus).
   */
  TcbStatus merge(TcbStatus other) {
    if (other == REVOKED) {
      return REVOKED;
    }
    if (other == UP_TO_DATE) {
      return this;
    }
    return switch (this) {
      case UP_TO_DATE, SW_HARDENING_NEEDED -> OUT_OF_DATE;
      case CONFIGURATION_NEEDED, CONFIGURATION_AND_SW_HARDENING_NEEDED ->
          OUT_OF_DATE_CONFIGURATION_NEEDED;
      case OUT_OF_DATE,
          OUT_OF_DATE_CONFIGURATION_NEEDED,
          TD_RELAUNCH_ADVISED,
          TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
          REVOKED ->
          this;
    };
  }
}
