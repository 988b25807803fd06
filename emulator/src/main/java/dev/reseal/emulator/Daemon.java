package dev.reseal.emulator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * The emulated platform as a process of its own: processor, driver and quoting enclave. It is the
 * parent of its instances and outlives every supervisor; when it ends, they end with it.
 */
public final class Daemon implements Faulty, AutoCloseable {
  private static final Logger LOG = System.getLogger("reseal.platform");

  /** At once, on each of the two sockets; who comes then waits to be accepted. */
  private static final int MOST_CONNECTIONS = 1_024;

  /** How long nobody is accepted when descriptors or memory have run out. */
  private static final long PAUSE_MS = 100;

  private final AtomicReference<Machine> machine;
  private final Path home;
  private final Clock clock;
  private final Conditions conditions;
  private final Instances instances;
  private final UnixServer host;
  private final UnixServer device;
  private final ScheduledExecutorService timer;
  private final FileChannel lock;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Daemon(
      Path home,
      Clock clock,
      AtomicReference<Machine> machine,
      Conditions conditions,
      Instances instances,
      UnixServer host,
      UnixServer device,
      ScheduledExecutorService timer,
      FileChannel lock) {
    this.home = home;
    this.clock = clock;
    this.machine = machine;
    this.conditions = conditions;
    this.instances = instances;
    this.host = host;
    this.device = device;
    this.timer = timer;
    this.lock = lock;
  }

  /** What a connection is served by. */
  private interface Service {
    void serve(UnixServer.Connection connection) throws IOException;
  }

  /**
   * Starts the machine of {@code directory} with an EPC of {@code epcPages}; returns when both
   * sockets listen. Throws {@link IOException} when there is no machine or another daemon has it.
   */
  public static Daemon start(Path directory, int epcPages, Clock clock) throws IOException {
    return start(directory, Knobs.epc(epcPages).withBacking(0), Faults.none(), clock);
  }

  /** With knobs, and a plan of faults that is counted in creates and destroys. */
  public static Daemon start(Path directory, Knobs knobs, Faults faults, Clock clock)
      throws IOException {
    Path home = directory.toAbsolutePath();
    FileChannel lock = lock(home);
    AtomicReference<Machine> machine = new AtomicReference<>(Machine.open(home, clock.instant()));
    Path deviceSocket = home.resolve("device.sock");
    ImageStore images = ImageStore.open(home.resolve("images"));
    EpcPool epc = new EpcPool(knobs.epcPages(), knobs.backingPages());
    Conditions conditions = new Conditions(epc, knobs, faults);
    Instances instances = new Instances(images, epc, conditions, deviceSocket);
    ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("timer").factory());
    UnixServer host = UnixServer.bind(home.resolve("host.sock"));
    UnixServer device = UnixServer.bind(deviceSocket);
    Daemon daemon =
        new Daemon(home, clock, machine, conditions, instances, host, device, timer, lock);
    long owner = ((Integer) Files.getAttribute(home, "unix:uid")).longValue();
    HostService hostService =
        new HostService(instances, images, epc, machine::get, daemon.changes(), owner);
    DeviceService deviceService = new DeviceService(instances, machine::get, conditions, timer);
    daemon.listen("host", host, hostService::serve);
    daemon.listen("device", device, deviceService::serve);
    var _ = timer.scheduleAtFixedRate(daemon::keepFresh, 1, 1, TimeUnit.HOURS);
    return daemon;
  }

  /** What this machine is, for whoever started it. */
  public Machine machine() {
    return machine.get();
  }

  private static FileChannel lock(Path home) throws IOException {
    if (!Files.isDirectory(home)) {
      throw new IOException("no platform in '" + home + "'; make one with: platform init");
    }
    FileChannel channel =
        FileChannel.open(home.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock held;
    try {
      held = channel.tryLock();
    } catch (java.nio.channels.OverlappingFileLockException sameProcess) {
      held = null;
    }
    if (held == null) {
      channel.close();
      throw new IOException("another daemon runs the platform in '" + home + "'");
    }
    return channel;
  }

  private void listen(String name, UnixServer server, Service service) {
    Thread.ofPlatform().daemon().name(name).start(() -> acceptAll(name, server, service));
  }

  private void acceptAll(String name, UnixServer server, Service service) {
    Semaphore places = new Semaphore(MOST_CONNECTIONS);
    while (!closed.get()) {
      places.acquireUninterruptibly();
      try {
        UnixServer.Connection connection = server.accept();
        Thread.ofPlatform()
            .daemon()
            .name(name + "-" + connection.pid())
            .start(() -> serve(connection, service, places));
      } catch (IOException failed) {
        places.release();
        if (!closed.get()) {
          LOG.log(Level.ERROR, "the " + name + " socket accepts nobody now: " + failed);
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(PAUSE_MS));
        }
      }
    }
  }

  /** A peer that breaks the protocol is disconnected, and nobody else notices. */
  private static void serve(UnixServer.Connection connection, Service service, Semaphore places) {
    try (connection) {
      service.serve(connection);
    } catch (IOException | dev.reseal.wire.WireException broken) {
      LOG.log(Level.DEBUG, "peer " + connection.pid() + " disconnected", broken);
    } finally {
      places.release();
    }
  }

  private HostService.Change changes() {
    return new HostService.Change() {
      @Override
      public void reload() throws IOException {
        Daemon.this.reload();
      }

      @Override
      public void strike(Fault fault) throws IOException {
        hit(fault);
      }

      @Override
      public void step() throws IOException {
        for (Fault fault : conditions.next()) {
          LOG.log(Level.INFO, "planned fault: " + fault);
          hit(fault);
        }
      }
    };
  }

  @Override
  public void strike(Fault fault) {
    try {
      hit(fault);
    } catch (IOException failed) {
      throw new UncheckedIOException(fault + " cannot be written to the machine's file", failed);
    }
  }

  private void hit(Fault fault) throws IOException {
    if (conditions.strike(fault)) {
      return;
    }
    if (fault instanceof Fault.Microcode(int svn)) {
      follow(() -> Machine.change(home, old -> old.withMicrocode(svn, clock.instant())));
    } else {
      instances.powerTransition();
    }
  }

  /** Each hour; what it throws would end the timer, and it is tried again in an hour. */
  void keepFresh() {
    try {
      reload();
    } catch (IOException | RuntimeException failed) {
      LOG.log(Level.ERROR, "collateral cannot be renewed; the next attempt is in an hour", failed);
    }
  }

  private void reload() throws IOException {
    follow(() -> Machine.open(home, clock.instant()));
  }

  /** One at a time, so that an older machine never follows a newer one. */
  private void follow(MachineFile.Work work) throws IOException {
    synchronized (machine) {
      machine.set(work.run());
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      host.close();
      device.close();
      instances.close();
      timer.shutdownNow();
      try {
        lock.close();
      } catch (IOException failed) {
        LOG.log(Level.WARNING, "the platform's lock is left", failed);
      }
    }
  }
}
