package dev.reseal.cli;

import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Kind;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code reseal retire}: what a host does by itself after each operation, where policy lets it. */
@Command(name = "retire", description = "Destroy the keys that nothing registered needs any more.")
final class RetireCommand implements Callable<Integer> {
  @Mixin private AskOptions ask = new AskOptions();

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    return ask.ask("retire", Kind.RETIRE, RetireCommand::request, spec.commandLine().getOut());
  }

  private static Requests.Made request(Status status, SigningKey key) {
    if (status.retirable().gens().isEmpty() && status.retirable().wrapIds().isEmpty()) {
      throw new Refused(
          "NOTHING_TO_RETIRE",
          status.name() + " has no key that its head does not need",
          "a generation goes once the application raises its floor and a checkpoint carries it");
    }
    return Requests.retire(status, key);
  }
}
