package dev.reseal.cli;

import dev.reseal.lifecycle.ExitCode;
import dev.reseal.urts.UrtsException;
import dev.reseal.urts.UrtsLibrary;
import dev.reseal.urts.UrtsStatus;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code reseal platform probe}: does Intel's runtime create and destroy this enclave here? */
@Command(
    name = "probe",
    description = {
      "Create and destroy an enclave with Intel's untrusted runtime, and say what it answered.",
      "Needs its library and a signed enclave of the Intel SDK; services do not run on it yet."
    })
final class PlatformProbeCommand implements Callable<Integer> {

  @Option(
      names = "--urts",
      required = true,
      defaultValue = "${env:RESEAL_URTS_LIB}",
      paramLabel = "FILE",
      description = "libsgx_urts.so or libsgx_urts_sim.so (default: what RESEAL_URTS_LIB says).")
  @SuppressWarnings("NullAway.Init")
  private Path library;

  @Option(
      names = "--enclave",
      required = true,
      defaultValue = "${env:RESEAL_URTS_ENCLAVE}",
      paramLabel = "FILE",
      description = "Signed enclave (default: what RESEAL_URTS_ENCLAVE says).")
  @SuppressWarnings("NullAway.Init")
  private Path enclave;

  @Option(names = "--debug", description = "Start it as a debug enclave.")
  private boolean debug;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    UrtsLibrary urts;
    try {
      urts = UrtsLibrary.load(library);
    } catch (UrtsException unusable) {
      err.println("platform probe: " + unusable.getMessage());
      err.flush();
      return ExitCode.USAGE.number();
    }
    out.println(
        urts.isSimulation() ? "urts SIMULATION (no security)" : "urts " + library.getFileName());
    ExitCode code =
        switch (urts.create(enclave, debug)) {
          case UrtsLibrary.Created.Enclave(long id) -> {
            out.println("create   SUCCESS");
            UrtsStatus destroyed = urts.destroy(id);
            out.println("destroy  " + destroyed.name());
            yield destroyed.isSuccess() ? ExitCode.DONE : ExitCode.NOT_PROVEN;
          }
          case UrtsLibrary.Created.Failed(UrtsStatus status) -> {
            out.println(("create   " + status.name() + "  " + status.next()).stripTrailing());
            yield ExitCode.NOT_PROVEN;
          }
        };
    out.flush();
    return code.number();
  }
}
