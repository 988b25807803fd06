package dev.reseal.simulation;

/**
 * Where a crash is made: before or after the n-th thing that a supervisor does in an operation, or
 * the n-th write of the authority.
 *
 * @param victim who is killed
 * @param number counted from 1; journal writes and orders that touch the world count alike
 */
record CrashPoint(Victim victim, Side side, int number) {
  enum Victim {
    SUPERVISOR,
    OLD,
    NEW,
    AUTHORITY,
    PLATFORM,
    /**
     * Every enclave of the machine at once, in a power transition; the processes that stay live on.
     */
    ENCLAVES,
    /** The authority, where it writes to its own stores: its points are counted by itself. */
    STORE,
    NOBODY
  }

  enum Side {
    BEFORE,
    AFTER
  }

  /** {@code victim:side:number}, as in {@code old:before:7}. */
  static CrashPoint parse(String text) {
    String[] parts = text.toUpperCase(java.util.Locale.ROOT).split(":");
    if (parts.length != 3) {
      throw new IllegalArgumentException("'" + text + "' is not victim:side:number");
    }
    return new CrashPoint(
        Victim.valueOf(parts[0]), Side.valueOf(parts[1]), Integer.parseInt(parts[2]));
  }

  @Override
  public String toString() {
    return (victim + ":" + side + ":" + number).toLowerCase(java.util.Locale.ROOT);
  }
}
