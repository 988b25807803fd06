package dev.reseal.cli;

import dev.reseal.authority.Policy;
import dev.reseal.authority.PolicyException;
import dev.reseal.authority.PolicyFile;
import dev.reseal.bytes.Bytes;
import dev.reseal.supervisor.Authority;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import java.io.IOException;
import java.io.PrintWriter;
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

/** {@code reseal authority policy}: what the authority will do, in one strict file. */
@Command(
    name = "policy",
    description = "What the authority will do, in one strict file.",
    subcommands = {PolicyCommand.Apply.class, PolicyTestCommand.class})
final class PolicyCommand {
  private PolicyCommand() {}

  static Bytes read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new Refused("NO_POLICY", file + " is not a file", "reseal draft prints one");
    }
    return Bytes.wrap(Files.readAllBytes(file));
  }

  static List<Policy> parse(Path file, Bytes content) {
    try {
      return PolicyFile.parse(content);
    } catch (PolicyException refused) {
      throw new Refused(
          "POLICY", file + ": " + refused.getMessage(), "docs/reference/policy.md has every field");
    }
  }

  /** Signs the file with the operator's key, once for each lineage. */
  @Command(name = "apply", description = "Apply a policy file; an unknown lineage in it is born.")
  static final class Apply implements Callable<Integer> {
    @Parameters(paramLabel = "FILE", description = "The policy file.")
    private Path file = Path.of("");

    @Mixin private HomeOption home = new HomeOption();

    @Option(names = "--dry-run", description = "Say what would happen; change nothing.")
    private boolean dryRun;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
      Bytes content = read(file);
      List<Policy> policies = parse(file, content);
      Authority authority = home.authority();
      PrintWriter out = spec.commandLine().getOut();
      for (Policy policy : policies) {
        Optional<Status> before = AuthorityCalls.status(authority, policy.essentials().lineage());
        String word = before.isPresent() ? "changed" : "born";
        if (dryRun) {
          out.println("would be " + word + "  " + words(policy));
        } else {
          Bytes message = request(policy, before, content, KeyFile.read(home.operator()));
          AuthorityCalls.require(authority.request(message));
          out.println(word + "  " + words(policy));
        }
      }
      out.flush();
      return 0;
    }

    private static Bytes request(
        Policy policy, Optional<Status> before, Bytes content, SigningKey key) {
      Head head =
          new Head(
              policy.essentials().lineage(),
              Randomness.system().bytes(16),
              before.map(status -> status.operation().fence()).orElse(0L),
              before.map(status -> status.operation().epoch()).orElse(0L));
      Ask ask =
          new Ask(
              head,
              Kind.POLICY,
              Optional.empty(),
              List.of(),
              false,
              new Ask.Extra.PolicyFile(content));
      return Signed.sign(Request.of(ask, List.of()), key).cose();
    }

    private static String words(Policy policy) {
      List<String> lowered = policy.dials().lowered();
      return policy.name()
          + "  lineage "
          + policy.essentials().lineage()
          + "  policy "
          + policy.essentials().digest()
          + (lowered.isEmpty() ? "" : "  lowered for demo: " + String.join(" ", lowered));
    }
  }
}
