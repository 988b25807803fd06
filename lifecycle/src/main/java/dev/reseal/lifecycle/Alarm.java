package dev.reseal.lifecycle;

/** What a bounded wait waits for. */
public enum Alarm {
  PLAT_CHECK,
  DRAIN,
  SEAL,
  BIRTH,
  EVIDENCE,
  RESTORE,
  INSTALL,
  CHECKPOINT,
  BACK_OFF,
  LEASE,
  RESUMPTION
}
