package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code reseal proof}: what an operation did, for somebody who was not there. */
@Command(
    name = "proof",
    description = "What an operation did, for somebody who was not there.",
    subcommands = {ProofCommand.Show.class})
final class ProofCommand {
  private ProofCommand() {}

  /** Fetches the proof of an operation. */
  @Command(name = "show", description = "Fetch the proof of an operation from the authority.")
  static final class Show implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "The lineage.")
    private String name = "";

    @Mixin private HomeOption home = new HomeOption();

    @Option(names = "--op", paramLabel = "HEX", description = "op_id (default: the newest).")
    private Optional<String> opId = Optional.empty();

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "Where to.")
    private Path out = Path.of("");

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
      home.lineage(name);
      Status status = Status.decode(AuthorityCalls.require(home.authority().named(name)));
      Bytes operation = opId.map(Bytes::hex).orElse(status.operation().opId());
      Bytes proof =
          AuthorityCalls.require(home.authority().fetch("proof", status.lineage(), operation));
      Files.write(out, proof.toArray());
      spec.commandLine().getOut().println("proof of operation " + operation + ": " + out);
      spec.commandLine().getOut().flush();
      return 0;
    }
  }
}
