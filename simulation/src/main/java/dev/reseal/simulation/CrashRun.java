package dev.reseal.simulation;

import dev.reseal.cli.HeadStart;
import dev.reseal.cli.RunCommand;
import dev.reseal.emulator.Fault;
import dev.reseal.emulator.Faulty;
import dev.reseal.platform.Platform;
import dev.reseal.simulation.CrashPoint.Side;
import dev.reseal.simulation.CrashPoint.Victim;
import dev.reseal.supervisor.Doors;
import dev.reseal.supervisor.Settings;
import dev.reseal.supervisor.Supervisor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine;

/**
 * {@code reseal run} with crashes: {@code CrashRun ORDERS ARGUMENTS OF RUN}. The file ORDERS holds
 * one {@link CrashOrder}; a new one starts the count anew, and without the file nothing happens.
 * SIGKILL hits the victim exactly at the point. The victim {@code nobody} lists the points.
 */
public final class CrashRun {
  private final Path orders;
  private final Set<Long> oldPids = new HashSet<>();
  private Optional<CrashOrder> current = Optional.empty();
  private Optional<Platform> platform = Optional.empty();
  private boolean done;
  private int offset;

  private CrashRun(Path orders) {
    this.orders = orders;
  }

  public static void main(String[] arguments) {
    HeadStart.begin("run");
    CrashRun crash = new CrashRun(Path.of(arguments[0]));
    CommandLine line = new CommandLine(new RunCommand(crash::start));
    System.exit(line.execute(Arrays.copyOfRange(arguments, 1, arguments.length)));
  }

  private Supervisor start(Settings settings, Platform reached, Doors doors) throws IOException {
    platform = Optional.of(reached);
    return Supervisor.start(settings, reached, doors, new CrashSeams(this::reached));
  }

  private void reached(Side side, int passed, String what) throws IOException {
    Optional<CrashOrder> order = read();
    if (!order.equals(current)) {
      current = order;
      done = false;
      offset = side == Side.BEFORE ? passed - 1 : passed;
      oldPids.clear();
      order.ifPresent(o -> o.instances().forEach(oldPids::add));
    }
    int number = passed - offset;
    if (order.isEmpty() || number == 0) {
      return;
    }
    if (side == Side.BEFORE && order.get().point().victim() == Victim.NOBODY) {
      list(order.get(), number, what);
    }
    CrashPoint point = order.get().point();
    if (!done && side == point.side() && number == point.number()) {
      done = true;
      System.err.println("crash " + order.get().name() + " " + point + " " + what);
      kill(order.get());
    }
  }

  private Optional<CrashOrder> read() throws IOException {
    try {
      return Optional.of(CrashOrder.parse(Files.readString(orders)));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    }
  }

  /** Number, how many old and new instances live now, and what comes. */
  private void list(CrashOrder order, int number, String what) {
    long old = order.instances().filter(oldPids::contains).count();
    long all = order.instances().count();
    System.err.println(
        "crash-point " + order.name() + " " + number + " " + old + " " + (all - old) + " " + what);
  }

  private void kill(CrashOrder order) throws IOException {
    switch (order.point().victim()) {
      case SUPERVISOR -> killMyself();
      case OLD -> order.instances().filter(oldPids::contains).forEach(CrashRun::kill);
      case NEW -> order.instances().filter(pid -> !oldPids.contains(pid)).forEach(CrashRun::kill);
      case AUTHORITY -> kill(order.authorityPid());
      case PLATFORM -> kill(order.platformPid());
      case ENCLAVES -> faulty().strike(new Fault.PowerTransition());
      case NOBODY -> throw new IllegalArgumentException("the points are listed with number 0");
    }
  }

  private Faulty faulty() {
    if (platform.orElseThrow() instanceof Faulty emulated) {
      return emulated;
    }
    throw new IllegalStateException("only an emulated platform takes orders to fail");
  }

  /**
   * From outside, with this thread standing still meanwhile: a halt would first wait for threads
   * that are in a call of the system, 300 ms long.
   */
  private static void killMyself() throws IOException {
    new ProcessBuilder("sh", "-c", "kill -KILL " + ProcessHandle.current().pid()).start();
    while (true) {
      LockSupport.park();
    }
  }

  private static void kill(long pid) {
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
  }
}
