package dev.reseal.cli;

import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Kind;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code reseal authority close}: the end of a lineage (protocol 7, Close). */
@Command(
    name = "close",
    description =
        "End a lineage for ever: no passport any more, all of its keys are destroyed, its sealed"
            + " state never opens again.")
final class CloseCommand implements Callable<Integer> {
  @Parameters(paramLabel = "NAME", description = "The lineage.")
  private String name = "";

  @Option(
      names = "--confirm",
      required = true,
      paramLabel = "NAME",
      description = "Its name again: this cannot be undone.")
  private String confirmed = "";

  @Mixin private HomeOption home = new HomeOption();
  @Mixin private SavedRequest saved = new SavedRequest();

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (!confirmed.equals(name)) {
      throw Refused.usage(
          "--confirm names '" + confirmed + "', not '" + name + "'", "nothing was asked");
    }
    Status status = Services.status(home, name);
    SigningKey key = KeyFile.read(home.operator());
    Requests.Made request =
        saved.or(() -> Requests.close(status, key), status.lineage(), Kind.CLOSE, key);
    PrintWriter out = spec.commandLine().getOut();
    if (saved.wanted()) {
      return saved.save(request, out);
    }
    AuthorityCalls.require(home.authority().request(request.message()));
    out.println(
        "closed  "
            + name
            + "  lineage "
            + status.lineage()
            + "; its instance serves until its passport ends, then its keys are destroyed");
    out.flush();
    return 0;
  }
}
