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
import picocli.CommandLine.Spec;

/** {@code reseal rotate}: a new instance, a new key generation, or both; the state stays. */
@Command(name = "rotate", description = "Replace the instance or its key; the state lives on.")
final class RotateCommand implements Callable<Integer> {
  @Mixin private AskOptions ask = new AskOptions();

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

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    boolean rekey = mode == Plan.Rung.rekey;
    PrintWriter out = spec.commandLine().getOut();
    if (resume) {
      if (rekey || keepKey || ask.dryRun() || ask.saved().used()) {
        throw Refused.usage(
            "--resume goes on with what was asked for before, and takes no other choice",
            "--home, --authority and --json are all that goes with it");
      }
      return ask.resume("rotate", out);
    }
    if (rekey && keepKey) {
      throw Refused.usage("--mode rekey with --keep-key changes nothing", "choose one of the two");
    }
    return ask.ask("rotate", kind(), this::fresh, this::plan, out);
  }

  private Kind kind() {
    return switch (mode) {
      case rekey -> Kind.REKEY;
      case reseal -> Kind.RESEAL;
    };
  }

  /** A saved request has chosen already whether the key stays. */
  private void plan(Status status) throws IOException {
    if (ask.dryRun() || !ask.json()) {
      boolean keeps =
          ask.saved().asked(status.lineage(), kind()).map(saved -> !saved.rotate()).orElse(keepKey);
      SealedHead sealed = ask.dryRun() ? ask.sealedHead(status) : SealedHead.unseen();
      new Plan(status, mode, keeps, sealed).print(spec.commandLine().getOut(), ask.json());
    }
  }

  private Requests.Made fresh(Status status, SigningKey key) {
    if (status.active().isEmpty()) {
      throw new Refused(
          "NO_ACTIVE_INSTANCE",
          status.name() + " is " + status.state(),
          "reseal status " + status.name());
    }
    if (mode == Plan.Rung.rekey && !status.state().equals("ACTIVE")) {
      throw new Refused(
          "WRONG_STATE",
          "an operation on " + status.name() + " is not over: the register is " + status.state(),
          "reseal rotate " + status.name() + " --resume goes on with it, reseal abort gives it up");
    }
    return switch (mode) {
      case rekey -> Requests.rekey(status, key);
      case reseal -> Requests.reseal(status, !keepKey, key);
    };
  }
}
