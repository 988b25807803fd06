package dev.reseal.lifecycle;

/** The phases of protocol 9.1, by number; the names are those of CLI, journal and status. */
public enum Phase {
  IDLE(0),
  PLAN(1),
  PREFLIGHT(2),
  PERMIT(3),
  QUIESCE(4),
  SNAPSHOT(5),
  PERSIST(6),
  DESTROY(7),
  RECLAIM(8),
  CREATE(9),
  ATTEST(10),
  PROVISION(11),
  RESTORE(12),
  COMMIT(13),
  RESUME(14),
  RETIRE(15);

  private final int number;

  Phase(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  public static Phase of(int number) {
    for (Phase phase : values()) {
      if (phase.number == number) {
        return phase;
      }
    }
    throw new IllegalArgumentException("no phase " + number);
  }

  public boolean before(Phase other) {
    return number < other.number;
  }
}
