package dev.reseal.cli;

import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Kind;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code reseal recover}. */
@Command(
    name = "recover",
    description = "Take over a lineage whose instance is gone, with an operator's key.")
final class RecoverCommand implements Callable<Integer> {
  @Mixin private AskOptions ask = new AskOptions();

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    return ask.ask("recover", Kind.TAKEOVER, Requests::takeover, spec.commandLine().getOut());
  }
}
