package dev.reseal.instance;

import java.util.Locale;

/** What can arrive at an instance: the rows of {@code spec/instance.vec}. */
public enum Input {
  CHALLENGE,
  PLAT_CHECK,
  GRANT,
  GRANT_GENESIS,
  GRANT_OTHER,
  RESTORED,
  RESTORE_FAILED,
  READY,
  ACTIVATION,
  ACTIVATION_OTHER,
  ACTIVATION_FENCED,
  INSTALLED,
  INSTALL_FAILED,
  FINISH,
  FINISH_OTHER,
  FINISH_FENCED,
  DRAINED,
  DRAIN_DEADLINE,
  SEAL,
  ABORT,
  ABORT_OTHER,
  CHECKPOINT,
  CHECKPOINT_ACK,
  RENEW,
  PASSPORT,
  REKEY_GRANT,
  REKEY_GRANT_OLD,
  RETIRED,
  FORK;

  /** As in the table: {@code "grant-other"}. */
  public String row() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
