package dev.reseal.cli;

import dev.reseal.supervisor.ControlClient;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Kind;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code reseal rotate}: a new instance, a new key generation, or both; the state stays. */
@Command(name = "rotate", description = "Replace the instance or its key; the state lives on.")
final class RotateCommand implements Callable<Integer> {
  @Parameters(paramLabel = "NAME", description = "The lineage.")
  private String name = "";

  @Mixin private HomeOption home = new HomeOption();

  @Option(names = "--dry-run", description = "Print the plan and stop.")
  private boolean dryRun;

  @Option(names = "--keep-key", description = "Re-seal under the same key generation.")
  private boolean keepKey;

  @Option(
      names = "--mode",
      paramLabel = "rekey|reseal",
      defaultValue = "reseal",
      description = "The rung (default: ${DEFAULT-VALUE}).")
  private Plan.Rung mode = Plan.Rung.reseal;

  @Option(names = "--resume", description = "Go on with an operation that stopped in SEALED.")
  private boolean resume;

  @Mixin private SavedRequest saved = new SavedRequest();

  @Option(names = "--json", description = "One JSON object at the end.")
  private boolean json;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Status status = Services.status(home, name);
    if (resume) {
      return resumed(status);
    }
    if (mode == Plan.Rung.rekey && keepKey) {
      throw new Refused(
          "USAGE", "--mode rekey with --keep-key changes nothing", "choose one of the two");
    }
    if (dryRun || !json) {
      SealedHead sealed = dryRun ? SealedHead.look(home, name, status) : SealedHead.unseen();
      new Plan(status, mode, keepKey, sealed).print(spec.commandLine().getOut(), json && dryRun);
    }
    return dryRun ? 0 : rotate(status);
  }

  private int rotate(Status status) throws IOException {
    if (status.active().isEmpty()) {
      throw new Refused(
          "NO_ACTIVE_INSTANCE", name + " is " + status.state(), "reseal status " + name);
    }
    SigningKey key = KeyFile.read(home.operator());
    List<Kind> kinds = List.of(Kind.RESEAL, Kind.REKEY);
    Requests.Made request = saved.or(() -> fresh(status, key), status.lineage(), kinds, key);
    if (saved.wanted()) {
      return saved.save(request, spec.commandLine().getOut());
    }
    OperationReport report = report();
    try (ControlClient supervisor = Services.supervisor(home, name)) {
      return report.end(supervisor.operate(request.message(), report), status);
    }
  }

  private Requests.Made fresh(Status status, SigningKey key) {
    return switch (mode) {
      case rekey -> Requests.rekey(status, key);
      case reseal -> Requests.reseal(status, !keepKey, key);
    };
  }

  private int resumed(Status status) throws IOException {
    OperationReport report = report();
    try (ControlClient supervisor = Services.supervisor(home, name)) {
      return report.end(supervisor.resume(report), status);
    }
  }

  private OperationReport report() {
    return new OperationReport(spec.commandLine().getOut(), json, "rotate", name);
  }
}
