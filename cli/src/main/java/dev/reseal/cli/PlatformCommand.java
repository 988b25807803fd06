package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Daemon;
import dev.reseal.emulator.Faults;
import dev.reseal.emulator.Knobs;
import dev.reseal.emulator.Machine;
import dev.reseal.emulator.PlatformIdentity;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code reseal platform}: the emulated machine, a process of its own. */
public final class PlatformCommand {
  private PlatformCommand() {}

  static CommandSpec spec() {
    return Declared.group("platform", "The emulated platform: no SGX needed, no security given.");
  }

  /** Makes the machine. */
  @Command(name = "init", description = "Make an emulated machine with keys and a root of its own.")
  static final class Init implements Callable<Integer> {
    @Option(
        names = "--home",
        paramLabel = "DIR",
        defaultValue = "${env:RESEAL_HOME:-.reseal}",
        description = "Directory of everything (default: ${DEFAULT-VALUE}).")
    private Path home = Path.of(".reseal");

    @Option(
        names = "--fmspc",
        paramLabel = "HEX",
        description = "Family of the machine, 12 hex digits.")
    private String fmspc = PlatformIdentity.FIRST_FMSPC.toHex();

    @Option(
        names = "--root-of",
        paramLabel = "HOME",
        description = "Provisioned under the root of the machine there: a second one of a fleet.")
    private Optional<Path> rootOf = Optional.empty();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    private Bytes family() {
      if (!fmspc.matches("[0-9A-Fa-f]{12}")) {
        throw new ParameterException(
            spec.commandLine(), "--fmspc: found '" + fmspc + "', expected 12 hex digits");
      }
      return Bytes.hex(fmspc);
    }

    @Override
    public Integer call() throws IOException {
      Instant now = Clock.systemUTC().instant();
      Bytes family = family();
      Machine made =
          rootOf.isPresent()
              ? Machine.read(rootOf.get().resolve("platform")).sibling(family, now)
              : Machine.make(family, now);
      Machine machine = Machine.init(home.resolve("platform"), made);
      Path open = Files.createDirectories(home.resolve("public")).resolve("platform-root.pem");
      Files.write(open, machine.rootPem().toArray());
      PrintWriter out = spec.commandLine().getOut();
      out.println("platform EMULATED (no security)  id " + machine.info().id());
      out.println("root " + machine.info().root() + "  for relying parties: " + open);
      out.flush();
      return 0;
    }
  }

  /** Runs the machine until it is told to stop. */
  @Command(name = "start", description = "Run the emulated machine; its instances end with it.")
  static final class Start implements Callable<Integer> {
    @Option(
        names = "--home",
        paramLabel = "DIR",
        defaultValue = "${env:RESEAL_HOME:-.reseal}",
        description = "Directory of everything (default: ${DEFAULT-VALUE}).")
    private Path home = Path.of(".reseal");

    @Option(
        names = "--epc-pages",
        paramLabel = "N",
        defaultValue = "65536",
        description = "EPC in pages of 4 KiB (default: ${DEFAULT-VALUE}).")
    private int epcPages;

    @Option(
        names = "--backing-pages",
        paramLabel = "N",
        defaultValue = "0",
        description = "Pages that can be evicted to make room (default: ${DEFAULT-VALUE}).")
    private int backingPages;

    @Option(
        names = "--evict-micros",
        paramLabel = "US",
        defaultValue = "0",
        description =
            "Wait for each page that moves out, or in again, in microseconds"
                + " (default: ${DEFAULT-VALUE}).")
    private int evictMicros;

    @Option(
        names = "--tcs",
        paramLabel = "N",
        defaultValue = "0",
        description = "Threads an instance may have, 0 for any (default: ${DEFAULT-VALUE}).")
    private int tcs;

    @Option(
        names = "--fault-seed",
        paramLabel = "SEED",
        description = "Faults planned from this seed, about one in ten creates and destroys.")
    private Optional<Long> seed = Optional.empty();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    private Knobs knobs() {
      try {
        return Knobs.epc(epcPages)
            .withBacking(backingPages)
            .withEvictMicros(evictMicros)
            .withTcs(tcs);
      } catch (IllegalArgumentException wrong) {
        throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()));
      }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
      CountDownLatch stop = new CountDownLatch(1);
      Knobs knobs = knobs();
      Faults faults = seed.map(chosen -> Faults.seeded(chosen, 1_000, 10)).orElseGet(Faults::none);
      try (Daemon daemon =
          Daemon.start(home.resolve("platform"), knobs, faults, Clock.systemUTC())) {
        Thread.setDefaultUncaughtExceptionHandler((thread, bug) -> {
          bug.printStackTrace(spec.commandLine().getErr());
          Runtime.getRuntime().halt(1);
        });
        Runtime.getRuntime().addShutdownHook(new Thread(daemon::close));
        PrintWriter out = spec.commandLine().getOut();
        out.println(
            "platform EMULATED (no security)  id "
                + daemon.machine().info().id()
                + "  epc "
                + epcPages
                + " pages  ready");
        seed.ifPresent(chosen -> out.println("faults of seed " + chosen + ": " + faults));
        out.flush();
        stop.await();
      }
      return 0;
    }
  }
}
