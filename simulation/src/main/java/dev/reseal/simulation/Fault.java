package dev.reseal.simulation;

/** What can go wrong in a simulated world (protocol 18). */
enum Fault {
  SUPERVISOR_CRASH,
  POWER_LOSS,
  POWER_LOSS_IN_SYNC,
  OLD_DIES,
  NEW_DIES,
  AUTHORITY_CRASH,
  AUTHORITY_POWER_LOSS,
  AUTHORITY_DOWN,
  PLATFORM_DIES,
  DISK_FULL,
  SYNC_FAILS,
  SHORT_WRITE,
  JOURNAL_LOST,
  REQUEST_LOST,
  ANSWER_LOST,
  MESSAGE_DELAYED,
  MESSAGE_REPEATED,
  ADVICE_LOST,
  ADVICE_REPEATED,
  AUTHORITY_CLOCK_FORWARD,
  AUTHORITY_CLOCK_BACK,
  SUPERVISOR_CLOCK_STEP,
  AUTHORITY_SUSPENDED,
  QUOTE_DOWN,
  TARGETS_FAIL,
  EPC_FULL,
  EPC_LEAKS,
  CHILD_KEEPS_EPC,
  DEVICE_BUSY,
  EINIT_INTERRUPTED,
  MICROCODE_RAISED,
  POWER_TRANSITION,
  REPLAY_TO_INSTANCE,
  REPLAY_TO_AUTHORITY,
  OLD_RECEIPT,
  OLD_ABORT,
  OLD_CONTAINER,
  OTHER_LINEAGE,
  FALSE_EXIT,
  SECOND_CANDIDATE,
  FORGED_CANDIDATE,
  OTHER_IMAGE,
  DESTROY_IS_A_LIE,
  RELAY_DIVERTED,
  CHECKPOINTS_WITHHELD,
  EARLY_TAKEOVER,
  LATE_READY,
  LATE_ABORT,
  BACKUP_RESTORED;

  /** Whether it is a fault of the emulated machine. */
  boolean ofMachine() {
    return compareTo(EPC_FULL) >= 0 && compareTo(POWER_TRANSITION) <= 0;
  }

  /** Whether a supervisor that keeps the rules would never do it. */
  boolean hostile() {
    return compareTo(REPLAY_TO_INSTANCE) >= 0;
  }

  /** Whether it waits for its moment once it is planned; then whoever it strikes says so. */
  boolean waits() {
    return hostile()
        || this == POWER_LOSS_IN_SYNC
        || this == AUTHORITY_CRASH
        || this == AUTHORITY_POWER_LOSS;
  }
}
