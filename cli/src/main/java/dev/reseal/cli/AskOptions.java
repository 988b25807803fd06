package dev.reseal.cli;

import dev.reseal.supervisor.ControlClient;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Kind;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import java.io.IOException;
import java.io.PrintWriter;
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

  /** What is printed before anything is asked. */
  interface Preview {
    void print(Status status) throws IOException;
  }

  boolean dryRun() {
    return dryRun;
  }

  boolean json() {
    return json;
  }

  SavedRequest saved() {
    return saved;
  }

  SealedHead sealedHead(Status status) throws IOException {
    return SealedHead.look(home, name, status);
  }

  /** The exit code of the operation; 0 for a dry run. */
  int ask(
      String verb,
      Kind kind,
      BiFunction<Status, SigningKey, Requests.Made> request,
      PrintWriter out)
      throws IOException {
    Preview row =
        status -> {
          if (dryRun) {
            Plan.printRow(out, verb, status, json);
          }
        };
    return ask(verb, kind, request, row, out);
  }

  int ask(
      String verb,
      Kind kind,
      BiFunction<Status, SigningKey, Requests.Made> request,
      Preview preview,
      PrintWriter out)
      throws IOException {
    Status status = Services.status(home, name);
    preview.print(status);
    if (dryRun) {
      return 0;
    }
    SigningKey key = KeyFile.read(home.operator());
    Requests.Made made = saved.or(() -> request.apply(status, key), status.lineage(), kind, key);
    if (saved.wanted()) {
      return saved.save(made, out);
    }
    return follow(verb, status, out, (s, watcher) -> s.operate(made.message(), watcher));
  }

  /** Goes on with an operation that was asked for before, as it was asked for. */
  int resume(String verb, PrintWriter out) throws IOException {
    return follow(verb, Services.status(home, name), out, ControlClient::resume);
  }

  private int follow(
      String verb,
      Status before,
      PrintWriter out,
      BiFunction<ControlClient, ControlClient.Watcher, ControlClient.Result> what)
      throws IOException {
    OperationReport report = new OperationReport(out, json, verb, name);
    try (ControlClient supervisor = Services.supervisor(home, name)) {
      return report.end(what.apply(supervisor, report), before);
    }
  }
}
