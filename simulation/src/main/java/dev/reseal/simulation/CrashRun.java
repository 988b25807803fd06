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
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
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

  private boolean kill(CrashOrder order, Set<Long> oldPids) throws IOException {
    List<Long> live = order.instances().toList();
    return switch (order.point().victim()) {
      case SUPERVISOR -> CrashOrders.killMyself();
      case OLD -> kill(live.stream().filter(oldPids::contains));
      case NEW -> kill(live.stream().filter(pid -> !oldPids.contains(pid)));
      case AUTHORITY -> kill(Stream.of(order.authorityPid()));
      case PLATFORM -> kill(Stream.of(order.platformPid()));
      case ENCLAVES -> {
        faulty().strike(new Fault.PowerTransition());
        yield !live.isEmpty();
      }
      case STORE, NOBODY -> throw new IllegalArgumentException(order + " is not struck here");
    };
  }

  private Faulty faulty() {
    if (platform.orElseThrow() instanceof Faulty emulated) {
      return emulated;
    }
    throw new IllegalStateException("only an emulated platform takes orders to fail");
  }

  /** Whether one of them lived. */
  private static boolean kill(Stream<Long> pids) {
    return pids.flatMap(pid -> ProcessHandle.of(pid).stream())
            .filter(ProcessHandle::destroyForcibly)
            .count()
        > 0;
  }
}
