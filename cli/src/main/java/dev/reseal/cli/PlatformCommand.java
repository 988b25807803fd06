package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Daemon;
import dev.reseal.emulator.Machine;
import dev.reseal.emulator.PlatformIdentity;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code reseal platform}: the emulated machine, a process of its own. */
@Command(
    name = "platform",
    description = "The emulated platform: no SGX needed, no security given.",
    subcommands = {
      PlatformCommand.Init.class,
      PlatformCommand.Start.class,
      PlatformTcbCommand.class
    })
public final class PlatformCommand {
  private PlatformCommand() {}

  /** Makes the machine. */
  @Command(name = "init", description = "Make an emulated machine with keys and a root of its own.")
  static final class Init implements Callable<Integer> {
    @Option(
        names = "--home",
        defaultValue = "${env:RESEAL_HOME:-.reseal}",
        description = "Directory of everything (default: ${DEFAULT-VALUE}).")
    private Path home = Path.of(".reseal");

    @Option(names = "--fmspc", description = "Family of the machine, 12 hex digits.")
    private String fmspc = PlatformIdentity.FIRST_FMSPC.toHex();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
      Machine machine =
          Machine.init(home.resolve("platform"), Bytes.hex(fmspc), Clock.systemUTC().instant());
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
        defaultValue = "${env:RESEAL_HOME:-.reseal}",
        description = "Directory of everything (default: ${DEFAULT-VALUE}).")
    private Path home = Path.of(".reseal");

    @Option(
        names = "--epc-pages",
        defaultValue = "65536",
        description = "EPC in pages of 4 KiB (default: ${DEFAULT-VALUE}).")
    private long epcPages;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
      CountDownLatch stop = new CountDownLatch(1);
      try (Daemon daemon = Daemon.start(home.resolve("platform"), epcPages, Clock.systemUTC())) {
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
        out.flush();
        stop.await();
      }
      return 0;
    }
  }
}
