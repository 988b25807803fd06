package dev.reseal.emulator;

import java.util.Locale;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * Something that goes wrong, or only changes, below the enclave. Each kind has a word, under which
 * an operator asks for it, and most have an amount.
 */
public sealed interface Fault {
  /** Suspend or migration: every enclave is lost, its memory unreadable for ever. */
  record PowerTransition() implements Fault {}

  /** The next {@code pages} EREMOVEs fail; their pages are lost until the machine restarts. */
  record LeakedPages(int pages) implements Fault {}

  /** A broken adapter: the next {@code pages} removed keep their content for the next owner. */
  record Residue(int pages) implements Fault {}

  /** Another workload takes pages that cannot be reclaimed. */
  record PagesTaken(int pages) implements Fault {}

  /** That workload ends: all its pages are free again. */
  record PagesReturned() implements Fault {}

  /** The first open of the device fails that many times for lack of entropy (EUPDATESVN). */
  record OpenRetry(int times) implements Fault {}

  /** EINIT is interrupted that many times (UNMASKED_EVENT). */
  record EinitInterrupted(int times) implements Fault {}

  /** Microcode changes while the machine runs. */
  record Microcode(int svn) implements Fault {}

  /** A thread inside holds up the next destroy so long. */
  record BusyThread(int millis) implements Fault {}

  /** The next enclave that is destroyed has a forked child, which keeps its EPC alive. */
  record ForkedChild() implements Fault {}

  /** All those children end, and the EPC they kept is free. */
  record ChildrenExit() implements Fault {}

  /** The quoting enclave is away: that many quotes are refused. */
  record QuotingAway(int times) implements Fault {}

  /** A kind of fault by its word. */
  enum Kind {
    POWER_TRANSITION(false, _ -> new PowerTransition()),
    LEAKED_PAGES(true, LeakedPages::new),
    RESIDUE(true, Residue::new),
    PAGES_TAKEN(true, PagesTaken::new),
    PAGES_RETURNED(false, _ -> new PagesReturned()),
    OPEN_RETRY(true, OpenRetry::new),
    EINIT_INTERRUPTED(true, EinitInterrupted::new),
    MICROCODE(true, Microcode::new),
    BUSY_THREAD(true, BusyThread::new),
    FORKED_CHILD(false, _ -> new ForkedChild()),
    CHILDREN_EXIT(false, _ -> new ChildrenExit()),
    QUOTING_AWAY(true, QuotingAway::new);

    private final boolean counted;

    @SuppressWarnings(
        "ImmutableEnumChecker") // constructors and nothing else, as the list above shows
    private final IntFunction<Fault> make;

    Kind(boolean counted, IntFunction<Fault> make) {
      this.counted = counted;
      this.make = make;
    }

    /** {@code power-transition} and so on. */
    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether the fault has an amount: pages, times, milliseconds or an SVN. */
    public boolean isCounted() {
      return counted;
    }

    public static Optional<Kind> of(String word) {
      for (Kind kind : values()) {
        if (kind.word().equals(word)) {
          return Optional.of(kind);
        }
      }
      return Optional.empty();
    }

    /** The fault with that amount, which counts only where {@link #isCounted}. */
    public Fault fault(int amount) {
      if (amount < 0) {
        throw new IllegalArgumentException("amount " + amount + " is negative");
      }
      return make.apply(amount);
    }
  }

  /** The kind of this fault. */
  default Kind kind() {
    return switch (this) {
      case PowerTransition _ -> Kind.POWER_TRANSITION;
      case LeakedPages _ -> Kind.LEAKED_PAGES;
      case Residue _ -> Kind.RESIDUE;
      case PagesTaken _ -> Kind.PAGES_TAKEN;
      case PagesReturned _ -> Kind.PAGES_RETURNED;
      case OpenRetry _ -> Kind.OPEN_RETRY;
      case EinitInterrupted _ -> Kind.EINIT_INTERRUPTED;
      case Microcode _ -> Kind.MICROCODE;
      case BusyThread _ -> Kind.BUSY_THREAD;
      case ForkedChild _ -> Kind.FORKED_CHILD;
      case ChildrenExit _ -> Kind.CHILDREN_EXIT;
      case QuotingAway _ -> Kind.QUOTING_AWAY;
    };
  }

  /** Pages, times, milliseconds or SVN; 0 where there is none. */
  default int amount() {
    return switch (this) {
      case LeakedPages(int pages) -> pages;
      case Residue(int pages) -> pages;
      case PagesTaken(int pages) -> pages;
      case OpenRetry(int times) -> times;
      case EinitInterrupted(int times) -> times;
      case Microcode(int svn) -> svn;
      case BusyThread(int millis) -> millis;
      case QuotingAway(int times) -> times;
      case PowerTransition _, PagesReturned _, ForkedChild _, ChildrenExit _ -> 0;
    };
  }
}
