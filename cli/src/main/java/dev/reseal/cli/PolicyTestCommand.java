package dev.reseal.cli;

import dev.reseal.authority.Admission;
import dev.reseal.authority.Authorisation;
import dev.reseal.authority.Policy;
import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.ExitCode;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.QuoteHeader;
import dev.reseal.sgx.ReportBody;
import dev.reseal.sgx.SigStruct;
import dev.reseal.wire.WireError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code reseal authority policy test}: explains a file without an authority. */
@Command(
    name = "test",
    description =
        "Say what a policy file allows, and whether it admits an image, a quote or a request.")
final class PolicyTestCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "The policy file.")
  private Path file = Path.of("");

  @Option(
      names = "--home",
      defaultValue = "${env:RESEAL_HOME:-.reseal}",
      description = "Not read; accepted like everywhere.")
  @SuppressWarnings("UnusedVariable")
  private Path home = Path.of(".reseal");

  @Option(names = "--lineage", paramLabel = "NAME", description = "Only this lineage.")
  private String name = "";

  @Option(names = "--sigstruct", paramLabel = "FILE", description = "A signed image.")
  private Optional<Path> sigstruct = Optional.empty();

  @Option(
      names = "--quote",
      paramLabel = "FILE",
      description = "A quote; its identity is tested, its signatures are not (reseal verify).")
  private Optional<Path> quote = Optional.empty();

  @Option(
      names = "--request",
      paramLabel = "FILE",
      description = "A signed request, as rotate, recover, abort and retire --save-request write.")
  private Optional<Path> request = Optional.empty();

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    List<Policy> policies =
        PolicyCommand.ofLineage(name, file, PolicyCommand.parse(file, PolicyCommand.read(file)));
    List<EnclaveIdentity> asked = asked();
    Optional<Bytes> message =
        request.isPresent() ? Optional.of(read(request.get())) : Optional.empty();
    ExitCode exit = ExitCode.DONE;
    List<Facts> all = new ArrayList<>();
    for (Policy policy : policies) {
      Facts facts = PolicyWords.describe(policy);
      for (EnclaveIdentity identity : asked) {
        exit = admits(facts, policy, identity) ? exit : worse(exit, ExitCode.EVIDENCE_REFUSED);
      }
      if (message.isPresent()) {
        exit = lets(facts, policy, message.get()) ? exit : worse(exit, ExitCode.REQUEST_REFUSED);
      }
      all.add(facts);
    }
    Output.print(spec.commandLine().getOut(), new Facts().put("lineage", all), json);
    return exit.number();
  }

  private static ExitCode worse(ExitCode one, ExitCode other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  private static boolean admits(Facts facts, Policy policy, EnclaveIdentity identity) {
    Optional<WireError> denial = Admission.denial(policy, identity);
    denial.ifPresentOrElse(
        no -> deny(facts, no), () -> allow(facts, List.of(Admission.by(policy, identity))));
    return denial.isEmpty();
  }

  private static boolean lets(Facts facts, Policy policy, Bytes message) {
    return switch (Authorisation.test(policy, message)) {
      case Authorisation.Verdict.Allowed(var kind, List<String> by) -> {
        facts.put("request", kind.wireName());
        allow(facts, by);
        yield true;
      }
      case Authorisation.Verdict.Refused(WireError error) -> {
        deny(facts, error);
        yield false;
      }
    };
  }

  private static void allow(Facts facts, List<String> by) {
    facts.put("verdict", "ALLOW").put("by", String.join(" ", by));
  }

  private static void deny(Facts facts, WireError no) {
    facts.put("verdict", "DENY").put("rule", no.rule()).put("because", no.detail());
    no.allow().ifPresent(line -> facts.put("would_allow", line));
  }

  private static Bytes read(Path from) throws IOException {
    return Bytes.wrap(Files.readAllBytes(from));
  }

  private List<EnclaveIdentity> asked() throws IOException {
    List<EnclaveIdentity> all = new ArrayList<>();
    try {
      if (sigstruct.isPresent()) {
        all.add(EnclaveIdentity.initialised(SigStruct.parse(read(sigstruct.get()))));
      }
      if (quote.isPresent()) {
        Path from = quote.get();
        ReportBody body =
            QuoteHeader.parse(read(from))
                .body()
                .orElseThrow(() -> new Refused("TEE", from + " is a quote of a TD", ""));
        all.add(EnclaveIdentity.of(body));
      }
    } catch (MalformedException malformed) {
      throw new Refused(
          "FORMAT", String.valueOf(malformed.getMessage()), "reseal inspect shows it");
    }
    return all;
  }
}
