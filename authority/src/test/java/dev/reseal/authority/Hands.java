package dev.reseal.authority;

/** Clocks that the test moves. */
final class Hands implements Clocks {
  long wall = System.currentTimeMillis();
  long monotonic;
  long uptime;

  void pass(long ms) {
    wall += ms;
    monotonic += ms;
    uptime += ms;
  }

  void set(Hands to) {
    wall = to.wall;
    monotonic = to.monotonic;
    uptime = to.uptime;
  }

  Hands copy() {
    Hands copy = new Hands();
    copy.set(this);
    return copy;
  }

  @Override
  public long wallMs() {
    return wall;
  }

  @Override
  public long monotonicMs() {
    return monotonic;
  }

  @Override
  public long uptimeMs() {
    return uptime;
  }
}
