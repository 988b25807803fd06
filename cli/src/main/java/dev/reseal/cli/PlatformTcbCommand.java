package dev.reseal.cli;

import dev.reseal.emulator.EmulatedPlatform;
import dev.reseal.emulator.Machine;
import dev.reseal.platform.PlatformException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code reseal platform tcb}: what Intel and the microcode do to a machine, in small. */
@Command(
    name = "tcb",
    description = "Change what is true of the emulated machine's TCB, also while it runs.")
final class PlatformTcbCommand implements Callable<Integer> {
  @Mixin private HomeOption home = new HomeOption();

  @ArgGroup(multiplicity = "1")
  private Change change = new Change();

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  /** Exactly one of these. */
  static final class Change {
    private static final int NONE = -1;

    @Option(
        names = "--recovery",
        paramLabel = "ADVISORY",
        description = "New TCB info on the early channel: this TCB is out of date for ADVISORY.")
    private String advisory = "";

    @Option(
        names = "--standard",
        description = "The standard channel says what the early one says.")
    private boolean standard;

    @Option(
        names = "--microcode",
        paramLabel = "SVN",
        description = "Microcode SVN, 0 to 255: a new CPUSVN and a new PCK certificate.")
    private int microcode = NONE;

    @Option(names = "--revoke-pck", description = "Put the machine's PCK certificate on the CRL.")
    private boolean revoke;

    Machine apply(Machine machine, Instant now) {
      if (standard) {
        return machine.standard(now);
      }
      if (revoke) {
        return machine.revoked(now);
      }
      return microcode == NONE
          ? machine.recovering(advisory, now)
          : machine.withMicrocode(microcode, now);
    }
  }

  @Override
  public Integer call() throws IOException {
    Path directory = home.platform();
    Instant now = Clock.systemUTC().instant();
    Machine changed;
    try {
      changed = Machine.change(directory, machine -> change.apply(machine, now));
    } catch (IllegalArgumentException impossible) {
      throw new ParameterException(spec.commandLine(), String.valueOf(impossible.getMessage()));
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println("platform EMULATED (no security)  " + changed.tcbLine());
    out.println(tell(directory));
    out.flush();
    return 0;
  }

  private static String tell(Path directory) {
    try {
      new EmulatedPlatform(directory).reload();
      return "the running platform has taken it over";
    } catch (PlatformException notRunning) {
      return "no platform runs there now; it counts from the next start";
    }
  }
}
