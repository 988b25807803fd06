package dev.reseal.cli;

import dev.reseal.wire.Status;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code reseal plan}: what {@code rotate} would do. */
@Command(name = "plan", description = "Print what rotate would do; touch nothing.")
final class PlanCommand implements Callable<Integer> {
  @Parameters(paramLabel = "NAME", description = "The lineage.")
  private String name = "";

  @Mixin private HomeOption home = new HomeOption();

  @Option(names = "--keep-key", description = "Plan a re-seal under the same key generation.")
  private boolean keepKey;

  @Option(
      names = "--mode",
      paramLabel = "rekey|reseal",
      defaultValue = "reseal",
      description = "The rung (default: ${DEFAULT-VALUE}).")
  private Plan.Rung mode = Plan.Rung.reseal;

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Status status = Services.status(home, name);
    SealedHead sealed = SealedHead.look(home, name, status);
    new Plan(status, mode, keepKey, sealed).print(spec.commandLine().getOut(), json);
    return 0;
  }
}
