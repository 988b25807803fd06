package dev.reseal.simulation;

import java.util.stream.Stream;

/**
 * One line of the file that a {@link CrashRun} obeys: {@code NAME VICTIM:SIDE:NUMBER AUTHORITY_PID
 * PLATFORM_PID}.
 *
 * @param name another for each order, so that a repeated point is a new order
 */
record CrashOrder(String name, CrashPoint point, long authorityPid, long platformPid) {
  static CrashOrder parse(String line) {
    String[] words = line.strip().split(" ");
    if (words.length != 4) {
      throw new IllegalArgumentException(
          "'" + line.strip() + "' is not NAME VICTIM:SIDE:NUMBER AUTHORITY_PID PLATFORM_PID");
    }
    return new CrashOrder(
        words[0], CrashPoint.parse(words[1]), Long.parseLong(words[2]), Long.parseLong(words[3]));
  }

  /** Pids of the instances that live: they are children of the platform. */
  Stream<Long> instances() {
    return ProcessHandle.of(platformPid).stream()
        .flatMap(ProcessHandle::children)
        .filter(ProcessHandle::isAlive)
        .map(ProcessHandle::pid);
  }
}
