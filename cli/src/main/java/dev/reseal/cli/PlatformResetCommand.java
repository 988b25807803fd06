package dev.reseal.cli;

import dev.reseal.emulator.EmulatedPlatform;
import dev.reseal.emulator.Fault;
import dev.reseal.emulator.Machine;
import dev.reseal.platform.PlatformException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code reseal platform reset}: after this no platform key of before can be had again. */
@Command(
    name = "reset",
    description = {
      "Change the owner epoch, as a factory reset of SGX does, or the board.",
      "Every sealing key is another one afterwards: what only this platform could open is lost."
    })
final class PlatformResetCommand implements Callable<Integer> {
  @Mixin private HomeOption home = new HomeOption();

  @Option(
      names = "--board",
      description = "Another processor of the same family and root: new PCK, new platform id.")
  private boolean board;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Path directory = home.platform();
    Instant now = Clock.systemUTC().instant();
    Machine changed =
        Machine.change(
            directory,
            old -> board ? old.sibling(old.identity().fmspc(), now) : old.withOwnerEpoch());
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        "platform EMULATED (no security)  id "
            + changed.info().id()
            + "  every key is another one");
    out.println(tell(directory));
    out.flush();
    return 0;
  }

  /** A running machine is switched off for it: its enclaves are lost. */
  private static String tell(Path directory) {
    EmulatedPlatform platform = new EmulatedPlatform(directory);
    try {
      platform.strike(new Fault.PowerTransition());
      platform.reload();
      return "the running platform lost every enclave and has taken it over";
    } catch (PlatformException notRunning) {
      return "no platform runs there now; it counts from the next start";
    }
  }
}
