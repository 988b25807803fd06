package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.ExitCode;
import dev.reseal.sealed.ContainerException;
import dev.reseal.sealed.Envelope;
import dev.reseal.sealed.Slot;
import dev.reseal.sgx.Artifact;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.SealDiagnosis;
import dev.reseal.sgx.SealFinding;
import dev.reseal.sgx.SealInput;
import dev.reseal.sgx.SealParty;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code reseal why}: whether an enclave can open sealed data, and what stands in the way. */
@Command(
    name = "why",
    description = {
      "Say whether an enclave can open a sealed blob or state, and what stands in the way.",
      "Reads blobs of the Intel SDK, KEYREQUESTs and sealed states (RSC1); names each input of the",
      "key derivation that differs, and what to do. Exit 0 only if it opens."
    })
public final class WhyCommand implements Callable<Integer> {

  @Parameters(index = "0", paramLabel = "BLOB", description = "The sealed blob or state.")
  @SuppressWarnings("NullAway.Init")
  private Path blob;

  @Option(
      names = {"--enclave", "--identity"},
      required = true,
      paramLabel = "FILE",
      description = "Who wants to open: enclave, SIGSTRUCT, report, quote, or identity JSON.")
  @SuppressWarnings("NullAway.Init")
  private Path enclave;

  @Option(
      names = "--sealed-by",
      paramLabel = "FILE",
      description = "Who sealed, in the same forms.")
  private Optional<Path> sealedBy = Optional.empty();

  @Option(names = "--platform", paramLabel = "ID", description = "Processor that opens: any name.")
  private Optional<String> platform = Optional.empty();

  @Option(names = "--sealed-on", paramLabel = "ID", description = "Processor that sealed.")
  private Optional<String> sealedOn = Optional.empty();

  @Option(names = "--cpusvn", paramLabel = "HEX", description = "CPUSVN of the one that opens.")
  private Optional<String> cpuSvn = Optional.empty();

  @Option(names = "--debug", description = "The opener is started as a debug enclave.")
  private boolean debug;

  @Option(names = "--lineage", paramLabel = "HEX", description = "Lineage of the opener (RSC1).")
  private Optional<String> lineage = Optional.empty();

  @Option(names = "--epoch", paramLabel = "N", description = "Epoch of the registered head (RSC1).")
  private Optional<Long> epoch = Optional.empty();

  @Option(names = "--head", paramLabel = "HEX", description = "body_id registered as head (RSC1).")
  private Optional<String> head = Optional.empty();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  /** A diagnosis under the name of what was diagnosed. */
  private record Named(String name, SealDiagnosis diagnosis) {}

  /** The file that is being read, for the words of a refusal. */
  private Path current = Path.of("");

  @Override
  public Integer call() {
    try {
      return explain();
    } catch (NoSuchFileException missing) {
      return fail(ExitCode.USAGE, "no such file");
    } catch (MalformedException | ContainerException refused) {
      return fail(ExitCode.NOT_PROVEN, String.valueOf(refused.getMessage()));
    } catch (IOException unreadable) {
      return fail(ExitCode.USAGE, "cannot be read: " + unreadable.getMessage());
    }
  }

  private int explain() throws IOException, MalformedException {
    ContainerDiagnosis.Register register = register();
    Optional<Bytes> level = option("--cpusvn", cpuSvn, 16);
    List<PartyFile> openers = parties(enclave);
    List<PartyFile> sealers = sealedBy.isPresent() ? parties(sealedBy.get()) : List.of();
    current = blob;
    InspectedFile sealed = InspectedFile.read(blob);
    List<Named> all = new ArrayList<>();
    Set<SealDiagnosis.Outcome> outcomes = EnumSet.noneOf(SealDiagnosis.Outcome.class);
    for (PartyFile opener : openers) {
      Optional<SealParty> sealer = sealerFor(opener, sealers);
      SealParty opening = opener(opener.party(), level);
      List<Named> slots = diagnose(sealed, opener.name(), opening, sealer, register);
      outcomes.add(anySlot(slots));
      all.addAll(slots);
    }
    List<Facts> answers = new ArrayList<>();
    for (Named named : all) {
      answers.add(answer(named));
    }
    SealDiagnosis.Outcome outcome = agreed(outcomes);
    Facts facts = new Facts().put("answer", words(outcome)).put("case", answers);
    Output.print(spec.commandLine().getOut(), facts, json);
    return exitCode(outcome, all);
  }

  private List<Named> diagnose(
      InspectedFile sealed,
      String name,
      SealParty opener,
      Optional<SealParty> sealer,
      ContainerDiagnosis.Register register)
      throws MalformedException {
    return switch (sealed) {
      case InspectedFile.Container(Envelope envelope) ->
          ContainerDiagnosis.of(envelope, opener, sealer, register).stream()
              .map(slot -> new Named(join(name, slotName(slot.type())), slot.diagnosis()))
              .toList();
      case InspectedFile.Declaration _ -> throw notSealed();
      case InspectedFile.Sgx(Artifact artifact, boolean _) -> {
        if (artifact instanceof Artifact.Sealed(var content)) {
          yield List.of(new Named(name, SealDiagnosis.of(content.keyRequest(), opener, sealer)));
        }
        if (artifact instanceof Artifact.KeyRequestFile(var request)) {
          yield List.of(new Named(name, SealDiagnosis.of(request, opener, sealer)));
        }
        throw notSealed();
      }
    };
  }

  private static MalformedException notSealed() {
    return new MalformedException(
        "file", 0, "something that is not sealed", "a sealed blob, KEYREQUEST or RSC1 state");
  }

  private List<PartyFile> parties(Path file) throws IOException, MalformedException {
    current = file;
    return PartyFile.read(file);
  }

  private ContainerDiagnosis.Register register() {
    return new ContainerDiagnosis.Register(
        option("--lineage", lineage, 16), epoch, option("--head", head, 32));
  }

  private Optional<Bytes> option(String name, Optional<String> text, int size) {
    try {
      return text.isPresent()
          ? Optional.of(PartyFile.hex(name, text.get(), size))
          : Optional.empty();
    } catch (MalformedException wrong) {
      throw new ParameterException(
          spec.commandLine(), name + ": found " + wrong.found() + ", expected " + wrong.expected());
    }
  }

  private SealParty opener(SealParty party, Optional<Bytes> level) {
    EnclaveIdentity identity = party.identity();
    EnclaveIdentity started = debug ? withDebug(identity) : identity;
    return new SealParty(started, platform.or(party::platform), level.or(party::cpuSvn));
  }

  private static EnclaveIdentity withDebug(EnclaveIdentity of) {
    return new EnclaveIdentity(
        of.mrEnclave(),
        of.mrSigner(),
        of.attributes().with(Attributes.DEBUG),
        of.miscSelect(),
        of.isvProdId(),
        of.isvSvn(),
        of.configId(),
        of.configSvn(),
        of.isvFamilyId(),
        of.isvExtProdId());
  }

  /** Of a sealer with several identities, the one for the same kind of host. */
  private Optional<SealParty> sealerFor(PartyFile opener, List<PartyFile> sealers) {
    return sealers.stream()
        .filter(sealer -> sealers.size() == 1 || sealer.name().equals(opener.name()))
        .findFirst()
        .map(PartyFile::party)
        .map(
            party -> new SealParty(party.identity(), sealedOn.or(party::platform), party.cpuSvn()));
  }

  /** A container opens by any of its slots. */
  private static SealDiagnosis.Outcome anySlot(List<Named> slots) {
    SealDiagnosis.Outcome best = SealDiagnosis.Outcome.DOES_NOT_OPEN;
    for (Named slot : slots) {
      SealDiagnosis.Outcome outcome = slot.diagnosis().outcome();
      if (outcome == SealDiagnosis.Outcome.OPENS) {
        return outcome;
      }
      if (outcome == SealDiagnosis.Outcome.UNDECIDED) {
        best = outcome;
      }
    }
    return best;
  }

  /** An enclave with an identity per kind of host gets one answer only if all of them agree. */
  private static SealDiagnosis.Outcome agreed(Set<SealDiagnosis.Outcome> outcomes) {
    return outcomes.size() == 1 ? outcomes.iterator().next() : SealDiagnosis.Outcome.UNDECIDED;
  }

  private static int exitCode(SealDiagnosis.Outcome outcome, List<Named> all) {
    if (outcome == SealDiagnosis.Outcome.OPENS) {
      return 0;
    }
    boolean stale =
        all.stream()
            .flatMap(named -> named.diagnosis().findings().stream())
            .anyMatch(finding ->
                finding instanceof SealFinding.Differs
                    && (finding.input() == SealInput.EPOCH
                        || finding.input() == SealInput.AUTHORITY));
    return (stale ? ExitCode.STALE_STATE : ExitCode.NOT_PROVEN).number();
  }

  private static Facts answer(Named named) {
    Facts facts = new Facts();
    if (!named.name().isEmpty()) {
      facts.put("for", named.name());
    }
    facts.put("answer", words(named.diagnosis().outcome()));
    for (SealFinding finding : named.diagnosis().findings()) {
      facts.put(finding.input().label(), WhyWords.of(finding));
    }
    return facts;
  }

  private static String words(SealDiagnosis.Outcome outcome) {
    return switch (outcome) {
      case OPENS -> "opens";
      case DOES_NOT_OPEN -> "does NOT open";
      case UNDECIDED -> "cannot be told: something that matters is not known";
    };
  }

  private static String slotName(int type) {
    return type == Slot.AUTHORITY ? "authority slot" : "platform slot";
  }

  private static String join(String name, String slot) {
    return name.isEmpty() ? slot : name + ", " + slot;
  }

  private int fail(ExitCode code, String words) {
    String said = current + ": " + words;
    return Failure.tell(spec.commandLine(), code, said, "why " + said);
  }
}
