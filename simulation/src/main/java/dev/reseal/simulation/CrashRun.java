package dev.reseal.simulation;

import dev.reseal.cli.RunCommand;
import dev.reseal.platform.Platform;
import dev.reseal.simulation.CrashPoint.Side;
import dev.reseal.supervisor.Settings;
import dev.reseal.supervisor.StartException;
import dev.reseal.supervisor.Supervisor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import picocli.CommandLine;

/**
 * {@code reseal run} with a crash: {@code CrashRun victim:side:number AUTHORITY_PID PLATFORM_PID
 * ARMED ARGUMENTS OF RUN}. Counting begins when the file ARMED is there; then SIGKILL hits the
 * victim exactly there; every point passed is printed, so that a run with {@code nobody:before:1}
 * lists them all.
 */
public final class CrashRun {
  private static final int KILLED = 137;

  private final CrashPoint point;
  private final long authorityPid;
  private final long platformPid;
  private final Path armed;
  private final Set<Long> oldPids = new HashSet<>();
  private boolean done;
  private int offset;

  private CrashRun(CrashPoint point, long authorityPid, long platformPid, Path armed) {
    this.point = point;
    this.authorityPid = authorityPid;
    this.platformPid = platformPid;
    this.armed = armed;
  }

  public static void main(String[] arguments) {
    CrashRun crash =
        new CrashRun(
            CrashPoint.parse(arguments[0]),
            Long.parseLong(arguments[1]),
            Long.parseLong(arguments[2]),
            Path.of(arguments[3]));
    CommandLine line = new CommandLine(new RunCommand(crash::start));
    System.exit(line.execute(Arrays.copyOfRange(arguments, 4, arguments.length)));
  }

  private Supervisor start(Settings settings, Platform platform)
      throws IOException, StartException {
    return Supervisor.start(
        settings,
        platform,
        new CrashSeams((side, number, what) -> reached(platform, side, number, what)));
  }

  private void reached(Platform platform, Side side, int passed, String what) {
    if (!Files.exists(armed)) {
      offset = passed;
      return;
    }
    int number = passed - offset;
    if (side == Side.BEFORE && number > 0) {
      System.err.println("crash-point " + number + " " + what);
      if (number == 1) {
        platform.list().forEach(instance -> oldPids.add(instance.pid()));
      }
    }
    if (!done && side == point.side() && number == point.number()) {
      done = true;
      System.err.println("crash " + point.victim() + " " + side + " " + number + " " + what);
      kill(platform);
    }
  }

  private void kill(Platform platform) {
    switch (point.victim()) {
      case SUPERVISOR -> Runtime.getRuntime().halt(KILLED);
      case OLD ->
          platform.list().stream()
              .map(Platform.Instance::pid)
              .filter(oldPids::contains)
              .forEach(CrashRun::kill);
      case NEW ->
          platform.list().stream()
              .map(Platform.Instance::pid)
              .filter(pid -> !oldPids.contains(pid))
              .forEach(CrashRun::kill);
      case AUTHORITY -> kill(authorityPid);
      case PLATFORM -> kill(platformPid);
      case NOBODY -> System.err.println("crash nobody");
    }
  }

  private static void kill(long pid) {
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
  }
}
