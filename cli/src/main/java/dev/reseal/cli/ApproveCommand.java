package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Request;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code reseal authority approve}: one more key signs what an operator asks for. */
@Command(
    name = "approve",
    description =
        "Show what a saved request asks for and sign it, as one of the keys that 'approvals' in the"
            + " policy lists.")
final class ApproveCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "A request, as --save-request wrote it.")
  private Path file = Path.of("");

  @Mixin private HomeOption home = new HomeOption();

  @Option(
      names = "--key",
      paramLabel = "FILE",
      description =
          "The approver's P-256 key in PEM: PKCS #8, and the public key (default: the operator's).")
  private Optional<Path> key = Optional.empty();

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "Where the approval goes; --approval of the verb that asks takes it.")
  private Path to = Path.of("");

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Ask ask = SavedRequest.read(file);
    SigningKey approver = KeyFile.read(key.orElseGet(home::operator));
    Files.write(to, Cose.sign(Request.APPROVAL, ask.digest(), approver).toArray());
    Facts facts = words(ask).put("approved_by", approver.kid().toHex());
    Output.print(spec.commandLine().getOut(), facts.put("approval", to.toString()), json);
    return 0;
  }

  private static Facts words(Ask ask) {
    Facts facts =
        new Facts()
            .put("request", ask.kind().wireName())
            .put("lineage", ask.head().lineage().toHex())
            .put("op_id", ask.head().opId().toHex())
            .put("epoch", ask.head().epoch())
            .put("fence", ask.head().fence())
            .put("new_key", ask.rotate());
    return switch (ask.extra()) {
      case Ask.Extra.None() -> facts.put("target", targets(ask.targets()));
      case Ask.Extra.PolicyFile(var content, var replaces) ->
          facts
              .put("policy_file_sha256", content.sha256().toHex())
              .put("replaces_policy_file_sha256", replaces.map(Bytes::toHex).orElse("none"));
      case Ask.Extra.Keys(var wrapIds, var gens) ->
          facts.put("wrap_keys", wrapIds.size()).put("generations", gens.toString());
    };
  }

  private static List<Facts> targets(List<Target> targets) {
    return targets.stream()
        .map(
            each -> PolicyWords.measurement(each.mrenclave(), each.isvProdId(), each.leastIsvSvn()))
        .toList();
  }
}
