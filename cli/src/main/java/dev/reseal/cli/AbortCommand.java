package dev.reseal.cli;

import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Kind;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code reseal abort}. */
@Command(
    name = "abort",
    description = "Give an operation up before its commit; the old instance serves on.")
final class AbortCommand implements Callable<Integer> {
  @Mixin private AskOptions ask = new AskOptions();

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    return ask.ask("abort", Kind.ABORT, Requests::abort, spec.commandLine().getOut());
  }
}
