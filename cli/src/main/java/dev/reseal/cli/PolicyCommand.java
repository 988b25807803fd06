package dev.reseal.cli;

import dev.reseal.authority.Policy;
import dev.reseal.authority.PolicyException;
import dev.reseal.authority.PolicyFile;
import dev.reseal.bytes.Bytes;
import dev.reseal.supervisor.Authority;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Kind;
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

  /** Those of this name; all of them if none is given. */
  static List<Policy> ofLineage(String name, Path file, List<Policy> policies) {
    List<Policy> named =
        policies.stream().filter(each -> name.isEmpty() || each.name().equals(name)).toList();
    if (named.isEmpty()) {
      throw new Refused("UNKNOWN_LINEAGE", file + " has no lineage '" + name + "'", "");
    }
    return named;
  }

  /** Signs the file with the operator's key, once for each lineage. */
  @Command(name = "apply", description = "Apply a policy file; an unknown lineage in it is born.")
  static final class Apply implements Callable<Integer> {
    @Parameters(paramLabel = "FILE", description = "The policy file.")
    private Path file = Path.of("");

    @Mixin private HomeOption home = new HomeOption();

    @Option(names = "--lineage", paramLabel = "NAME", description = "Only this lineage.")
    private String name = "";

    @Option(names = "--dry-run", description = "Say what would happen; change nothing.")
    private boolean dryRun;

    @Mixin private SavedRequest saved = new SavedRequest();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
      Bytes content = read(file);
      List<Policy> policies = ofLineage(name, file, parse(file, content));
      if (saved.used() && policies.size() > 1) {
        throw Refused.usage(
            file + " has " + policies.size() + " lineages, a request is about one",
            "choose with --lineage NAME");
      }
      Authority authority = home.authority();
      PrintWriter out = spec.commandLine().getOut();
      for (Policy policy : policies) {
        Optional<Status> before = AuthorityCalls.status(authority, policy.essentials().lineage());
        String word = before.isPresent() ? "changed" : "born";
        if (dryRun) {
          out.println("would be " + word + "  " + words(policy));
          continue;
        }
        Requests.Made request = request(policy, before, content);
        if (saved.wanted()) {
          return saved.save(request, out);
        }
        AuthorityCalls.require(authority.request(request.message()));
        out.println(word + "  " + words(policy));
      }
      out.flush();
      return 0;
    }

    private Requests.Made request(Policy policy, Optional<Status> before, Bytes content)
        throws IOException {
      Bytes lineage = policy.essentials().lineage();
      SigningKey key = KeyFile.read(home.operator());
      Requests.Made request =
          saved.or(() -> Requests.policy(lineage, before, content, key), lineage, Kind.POLICY, key);
      Ask ask = Signed.peek(Request.class, request.message()).decodeAsk();
      if (!(ask.extra() instanceof Ask.Extra.PolicyFile(Bytes saved, _))
          || !saved.equals(content)) {
        throw new Refused(
            "REQUEST",
            "the saved request carries another policy than " + file,
            "the file that it was made from");
      }
      return request;
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
