package dev.reseal.cli;

import dev.reseal.sealed.ContainerException;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.IdentityComparison;
import dev.reseal.sgx.MalformedException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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
  /** The file is not what it should be. */
  static final int REFUSED = 40;

  private static final int USAGE = 2;

  @Parameters(arity = "1..2", paramLabel = "FILE", description = "One file, or two to compare.")
  private List<Path> files = List.of();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() {
    Path current = files.getFirst();
    try {
      List<InspectedFile> read = new ArrayList<>();
      for (Path file : files) {
        current = file;
        read.add(InspectedFile.read(file));
      }
      return read.size() == 1 ? one(read.getFirst()) : two(read.getFirst(), read.getLast());
    } catch (NoSuchFileException missing) {
      return fail(USAGE, current, "no such file");
    } catch (MalformedException | ContainerException refused) {
      return fail(REFUSED, current, String.valueOf(refused.getMessage()));
    } catch (IOException unreadable) {
      return fail(USAGE, current, "cannot be read: " + unreadable.getMessage());
    }
  }

  private int one(InspectedFile file) throws MalformedException {
    Facts facts = file.facts();
    List<Facts> rules = new ArrayList<>();
    for (InspectedFile.Stated stated : file.identities()) {
      rules.add(new Facts().put("allow", policyLine(stated.identity())));
    }
    if (!rules.isEmpty() && file.faults().isEmpty()) {
      facts.put("policy_line", rules);
    }
    return finish(facts, file.faults());
  }

  private int two(InspectedFile first, InspectedFile second) throws MalformedException {
    List<InspectedFile.Stated> left = first.identities();
    List<InspectedFile.Stated> right = second.identities();
    if (left.isEmpty() || right.isEmpty()) {
      Path without = files.get(left.isEmpty() ? 0 : 1);
      return fail(
          REFUSED,
          without,
          "this file states no identity; compare enclaves, SIGSTRUCTs, reports or quotes");
    }
    List<Facts> pairs = new ArrayList<>();
    for (InspectedFile.Stated one : left) {
      for (InspectedFile.Stated other : right) {
        if (left.size() == 1 || right.size() == 1 || one.name().equals(other.name())) {
          pairs.add(compare(one, other));
        }
      }
    }
    if (pairs.isEmpty()) {
      pairs.add(compare(left.getFirst(), right.getFirst()));
    }
    List<String> faults = new ArrayList<>(first.faults());
    faults.addAll(second.faults());
    return finish(new Facts().put("comparison", pairs), faults);
  }

  private static Facts compare(InspectedFile.Stated one, InspectedFile.Stated other) {
    IdentityComparison comparison = IdentityComparison.of(one.identity(), other.identity());
    Facts facts = new Facts();
    if (!one.name().isEmpty() || !other.name().isEmpty()) {
      facts.put("first", one.name()).put("second", other.name());
    }
    List<Facts> differences = new ArrayList<>();
    for (IdentityComparison.Difference difference : comparison.differences()) {
      differences.add(
          new Facts()
              .put("field", difference.field())
              .put("first", difference.first())
              .put("second", difference.second()));
    }
    facts.put("same_identity", differences.isEmpty()).put("difference", differences);
    List<Facts> consequences = new ArrayList<>();
    for (IdentityComparison.Consequence consequence : comparison.consequences()) {
      consequences.add(
          new Facts()
              .put("use", consequence.use())
              .put("works", consequence.works())
              .put("because", consequence.reason()));
    }
    return facts.put("consequence", consequences);
  }

  /** The entry of {@code allowed} in a policy file that admits exactly this identity and newer. */
  static String policyLine(EnclaveIdentity identity) {
    String configId =
        identity.configId().allZero() ? "" : ", \"configid\": \"" + identity.configId() + "\"";
    return "{\"mrenclave\": \"%s\", \"isvprodid\": %d, \"least_isvsvn\": %d%s}"
        .formatted(identity.mrEnclave(), identity.isvProdId(), identity.isvSvn(), configId);
  }

  private int finish(Facts facts, List<String> faults) {
    if (!faults.isEmpty()) {
      facts.put("fault", String.join("; ", faults));
    }
    Output.print(spec.commandLine().getOut(), facts, json);
    return faults.isEmpty() ? 0 : REFUSED;
  }

  private int fail(int code, Path file, String words) {
    spec.commandLine().getErr().println("inspect " + file + ": " + words);
    spec.commandLine().getErr().flush();
    return code;
  }
}
