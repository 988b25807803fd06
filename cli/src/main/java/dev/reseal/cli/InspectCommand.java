package dev.reseal.cli;

import dev.reseal.lifecycle.ExitCode;
import dev.reseal.sealed.ContainerException;
import dev.reseal.sgx.MalformedException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code reseal inspect}: what a file of the SGX world is and says, or what two of them break. */
@Command(
    name = "inspect",
    description = {
      "Say what a file is and what identity it has; with two files, what differs and breaks.",
      "Reads enclaves (Intel SDK ELF, SGXS, Open Enclave ELF), SIGSTRUCT and .sig files, REPORT,",
      "TARGETINFO, KEYREQUEST, quotes, sealed blobs of the Intel SDK, sealed states (RSC1) and"
          + " image",
      "declarations (image.cbor)."
    })
public final class InspectCommand implements Callable<Integer> {
  @Parameters(arity = "1..2", paramLabel = "FILE", description = "One file, or two to compare.")
  private List<Path> files = List.of();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() {
    if (files.size() > 2) {
      throw new ParameterException(
          spec.commandLine(), "FILE: found " + files.size() + " files, expected one or two");
    }
    Path current = files.getFirst();
    try {
      List<InspectedFile> read = new ArrayList<>();
      for (Path file : files) {
        current = file;
        read.add(InspectedFile.read(file));
      }
      return read.size() == 1 ? one(read.getFirst()) : two(read.getFirst(), read.getLast());
    } catch (NoSuchFileException missing) {
      return fail(ExitCode.USAGE, current, "no such file");
    } catch (MalformedException | ContainerException refused) {
      return fail(ExitCode.NOT_PROVEN, current, String.valueOf(refused.getMessage()));
    } catch (IOException unreadable) {
      return fail(ExitCode.USAGE, current, "cannot be read: " + unreadable.getMessage());
    }
  }

  private int one(InspectedFile file) throws MalformedException {
    Facts facts = file.facts();
    List<Facts> rules = new ArrayList<>();
    for (InspectedFile.Stated stated : file.identities()) {
      PolicyLine line = PolicyLine.of(stated.identity());
      rules.add(
          line.denies(stated.identity())
              .map(why -> new Facts().put("none", "no policy allows it: " + why))
              .orElse(new Facts().put("allow", line.text())));
    }
    if (!rules.isEmpty() && file.faults().isEmpty()) {
      facts.put("policy_line", rules);
    }
    return finish(facts, file.faults());
  }

  private int two(InspectedFile first, InspectedFile second) throws MalformedException {
    Optional<String> left = first.incomparable();
    Optional<String> right = second.incomparable();
    if (left.isPresent() || right.isPresent()) {
      return fail(
          ExitCode.NOT_PROVEN,
          files.get(left.isPresent() ? 0 : 1),
          left.or(() -> right).orElseThrow());
    }
    List<String> faults = new ArrayList<>(first.faults());
    faults.addAll(second.faults());
    return finish(ComparedFiles.of(first, second), faults);
  }

  private int finish(Facts facts, List<String> faults) {
    if (!faults.isEmpty()) {
      facts.put("fault", String.join("; ", faults));
    }
    Output.print(spec.commandLine().getOut(), facts, json);
    return faults.isEmpty() ? 0 : ExitCode.NOT_PROVEN.number();
  }

  private int fail(ExitCode code, Path file, String words) {
    String said = file + ": " + words;
    return Failure.tell(spec.commandLine(), code, said, "inspect " + said);
  }
}
