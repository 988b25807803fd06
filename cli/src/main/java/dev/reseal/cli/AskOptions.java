package dev.reseal.cli;

import dev.reseal.supervisor.ControlClient;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Kind;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.BiFunction;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the verbs share that sign one request about a lineage and follow its operation. */
final class AskOptions {
  @Parameters(paramLabel = "NAME", description = "The lineage.")
  private String name = "";

  @Mixin private HomeOption home = new HomeOption();

  @Option(names = "--dry-run", description = "Print what would be asked and stop.")
  private boolean dryRun;

  @Mixin private SavedRequest saved = new SavedRequest();

  @Option(names = "--json", description = "One JSON object at the end.")
  private boolean json;

  /** The exit code of the operation; 0 for a dry run. */
  int ask(
      String verb,
      Kind kind,
      BiFunction<Status, SigningKey, Requests.Made> request,
      PrintWriter out)
      throws IOException {
    Status status = Services.status(home, name);
    OperationReport report = new OperationReport(out, json, verb, name);
    if (dryRun) {
      Plan.printRow(out, verb, status, json);
      return 0;
    }
    SigningKey key = KeyFile.read(home.operator());
    Requests.Made made =
        saved.or(() -> request.apply(status, key), status.lineage(), List.of(kind), key);
    if (saved.wanted()) {
      return saved.save(made, out);
    }
    try (ControlClient supervisor = Services.supervisor(home, name)) {
      return report.end(supervisor.operate(made.message(), report), status);
    }
  }
}
