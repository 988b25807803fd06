package dev.reseal.simulation;

import dev.reseal.simulation.CrashPoint.Side;
import dev.reseal.simulation.CrashPoint.Victim;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * The file that a process of the crash matrix obeys: it holds one {@link CrashOrder}; a new one
 * starts the count anew, and without the file nothing happens. The victim {@code nobody} lists the
 * points.
 */
final class CrashOrders {
  /** Who strikes, and whether anybody was there to be struck. */
  interface Strike {
    boolean at(CrashOrder order, Set<Long> oldPids) throws IOException;
  }

  private final Path file;
  private final Set<Victim> mine;
  private final Strike strike;
  private final Set<Long> oldPids = new HashSet<>();
  private Optional<CrashOrder> current = Optional.empty();
  private boolean done;
  private int offset;

  /** {@code mine}: the victims that are struck here, at points that are counted here. */
  CrashOrders(Path file, Set<Victim> mine, Strike strike) {
    this.file = file;
    this.mine = Set.copyOf(mine);
    this.strike = strike;
  }

  /** {@code passed} points were passed so far, with this one: before it or after it. */
  synchronized void reached(Side side, int passed, String what) throws IOException {
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
    CrashPoint point = order.get().point();
    if (side == Side.BEFORE && point.victim() == Victim.NOBODY) {
      list(order.get(), number, what);
    }
    if (!done
        && mine.contains(point.victim())
        && side == point.side()
        && number == point.number()) {
      done = true;
      System.err.println("crash " + order.get().name() + " " + point + " " + what);
      if (!strike.at(order.get(), Set.copyOf(oldPids))) {
        System.err.println("missed " + order.get().name());
      }
    }
  }

  private Optional<CrashOrder> read() throws IOException {
    try {
      return Optional.of(CrashOrder.parse(Files.readString(file)));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    }
  }

  /** Number, how many old and new instances live now, and what comes. */
  private void list(CrashOrder order, int number, String what) {
    List<Long> all = order.instances().toList();
    long old = all.stream().filter(oldPids::contains).count();
    System.err.println(
        "crash-point "
            + order.name()
            + " "
            + number
            + " "
            + old
            + " "
            + (all.size() - old)
            + " "
            + what);
  }

  /**
   * From outside, with this thread standing still meanwhile: a halt would first wait for threads
   * that are in a call of the system, 300 ms long.
   */
  static boolean killMyself() throws IOException {
    new ProcessBuilder("sh", "-c", "kill -KILL " + ProcessHandle.current().pid()).start();
    while (true) {
      LockSupport.park();
    }
  }
}
