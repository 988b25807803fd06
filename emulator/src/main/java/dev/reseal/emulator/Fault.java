package dev.reseal.emulator;

/** Something that goes wrong below the enclave. */
public sealed interface Fault {
  /** Suspend or migration: every enclave is lost, its memory unreadable for ever. */
  record PowerTransition() implements Fault {}

  /** The next {@code pages} EREMOVEs fail; their pages are lost until the machine restarts. */
  record LeakedPages(int pages) implements Fault {}

  /** A broken adapter: the next {@code pages} removed keep their content for the next owner. */
  record Residue(int pages) implements Fault {}

  /** Another workload takes pages that cannot be reclaimed. */
  record PagesTaken(int pages) implements Fault {}

  /** The first open of the device fails that many times for lack of entropy (EUPDATESVN). */
  record OpenRetry(int times) implements Fault {}

  /** EINIT is interrupted that many times (UNMASKED_EVENT). */
  record EinitInterrupted(int times) implements Fault {}

  /** Microcode changes while the machine runs. */
  record Microcode(int svn) implements Fault {}
}
