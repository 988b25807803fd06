package dev.reseal.cli;

import dev.reseal.supervisor.ControlClient;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Status;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code reseal recover}. */
@Command(
    name = "recover",
    description = "Take over a lineage whose instance is gone, with an operator's key.")
final class RecoverCommand implements Callable<Integer> {
  @Parameters(paramLabel = "NAME", description = "The lineage.")
  private String name = "";

  @Mixin private HomeOption home = new HomeOption();

  @Option(names = "--dry-run", description = "Print what would be asked and stop.")
  private boolean dryRun;

  @Option(names = "--json", description = "One JSON object at the end.")
  private boolean json;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Status status = Services.status(home, name);
    OperationReport report =
        new OperationReport(spec.commandLine().getOut(), json, "recover", name);
    if (dryRun) {
      Plan.printRow(spec.commandLine().getOut(), "recover", status);
      return 0;
    }
    Requests.Made request = Requests.takeover(status, KeyFile.read(home.operator()));
    try (ControlClient supervisor = Services.supervisor(home, name)) {
      return report.end(supervisor.operate(request.message(), report), status);
    }
  }
}
