package dev.reseal.simulation;

import java.util.PriorityQueue;

/** What will happen, in the order of virtual time; equal times keep the order of arrival. */
final class Timeline {
  private final PriorityQueue<Happening> waiting = new PriorityQueue<>();
  private long nowMs;
  private long arrivals;
  private int steps;

  private record Happening(long atMs, long arrival, Runnable what)
      implements Comparable<Happening> {
    @Override
    public int compareTo(Happening other) {
      return atMs != other.atMs
          ? Long.compare(atMs, other.atMs)
          : Long.compare(arrival, other.arrival);
    }
  }

  long nowMs() {
    return nowMs;
  }

  /** Happenings carried out so far. */
  int steps() {
    return steps;
  }

  void after(long ms, Runnable what) {
    waiting.add(new Happening(nowMs + Math.max(0, ms), arrivals++, what));
  }

  /** Carries out the next one; false when nothing waits. */
  boolean step() {
    Happening next = waiting.poll();
    if (next == null) {
      return false;
    }
    nowMs = Math.max(nowMs, next.atMs());
    steps++;
    next.what().run();
    return true;
  }
}
