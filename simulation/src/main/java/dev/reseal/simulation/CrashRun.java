package dev.reseal.simulation;

import dev.reseal.cli.HeadStart;
import dev.reseal.cli.RunCommand;
import dev.reseal.emulator.Fault;
import dev.reseal.emulator.Faulty;
import dev.reseal.platform.Platform;
import dev.reseal.simulation.CrashPoint.Victim;
import dev.reseal.supervisor.Doors;
import dev.reseal.supervisor.Settings;
import dev.reseal.supervisor.Supervisor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;

/**
 * {@code reseal run} with crashes: {@code CrashRun ORDERS ARGUMENTS OF RUN}. SIGKILL hits the
 * victim exactly at the point that the file ORDERS names.
 */
public final class CrashRun {
  private final CrashOrders orders;
  private Optional<Platform> platform = Optional.empty();

  private CrashRun(Path orders) {
    this.orders =
        new CrashOrders(orders, EnumSet.complementOf(EnumSet.of(Victim.STORE)), this::kill);
  }

  public static void main(String[] arguments) {
    HeadStart.begin("run");
    CrashRun crash = new CrashRun(Path.of(arguments[0]));
    CommandLine line = new CommandLine(RunCommand.spec(crash::start));
    System.exit(line.execute(Arrays.copyOfRange(arguments, 1, arguments.length)));
  }

  private Supervisor start(Settings settings, Platform reached, Doors doors) throws IOException {
    platform = Optional.of(reached);
    return Supervisor.start(settings, reached, doors, new CrashSeams(orders::reached));
  }

  private void kill(CrashOrder order, Set<Long> oldPids) throws IOException {
    switch (order.point().victim()) {
      case SUPERVISOR -> CrashOrders.killMyself();
      case OLD -> order.instances().filter(oldPids::contains).forEach(CrashRun::kill);
      case NEW -> order.instances().filter(pid -> !oldPids.contains(pid)).forEach(CrashRun::kill);
      case AUTHORITY -> kill(order.authorityPid());
      case PLATFORM -> kill(order.platformPid());
      case ENCLAVES -> faulty().strike(new Fault.PowerTransition());
      case STORE, NOBODY -> throw new IllegalArgumentException(order + " is not struck here");
    }
  }

  private Faulty faulty() {
    if (platform.orElseThrow() instanceof Faulty emulated) {
      return emulated;
    }
    throw new IllegalStateException("only an emulated platform takes orders to fail");
  }

  private static void kill(long pid) {
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
  }
}
