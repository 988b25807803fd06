package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.collateral.CollateralFiles;
import dev.reseal.lifecycle.ExitCode;
import dev.reseal.quote.AppraisalPolicy;
import dev.reseal.quote.Circumstances;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.P256;
import dev.reseal.quote.PolicyFile;
import dev.reseal.quote.Quote;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.quote.Verdict;
import dev.reseal.quote.Verifier;
import dev.reseal.sgx.MalformedException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code reseal verify}: what a DCAP quote proves, and whether a policy accepts it. */
@Command(
    name = "verify",
    description = {
      "Judge a DCAP quote (SGX, TDX) against collateral, offline, and apply a policy to the"
          + " verdict.",
      "Without --policy: UpToDate or SWHardeningNeeded, hardware only, no DEBUG.",
      "Exit: 0 accepted, 40 not proven, 43 the platform, 44 emulated, 47 collateral,",
      "48 report data, 49 the code, 2 usage, 20 a file cannot be read."
    })
public final class VerifyCommand implements Callable<Integer> {

  @Option(names = "--quote", paramLabel = "FILE", description = "The quote.")
  private Optional<Path> quote = Optional.empty();

  @Option(
      names = "--batch",
      paramLabel = "FILE",
      description = "Instead of one quote: JSON lines {id, quote, collateral, at}; - for stdin.")
  private Optional<Path> batch = Optional.empty();

  @Option(
      names = "--collateral",
      paramLabel = "DIR|FILE",
      description = "Folder as written by `reseal collateral fetch`, or one JSON file.")
  private Optional<Path> collateral = Optional.empty();

  @Option(
      names = "--at",
      paramLabel = "INSTANT",
      description = "Judge at this instant, ISO 8601 in UTC (default: now).")
  private Optional<String> at = Optional.empty();

  @Option(names = "--policy", paramLabel = "FILE", description = "Appraisal policy, JSON.")
  private Optional<Path> policy = Optional.empty();

  @Option(
      names = "--expect-report-data",
      paramLabel = "HEX",
      description = "The 64 bytes that the quote must bind.")
  private Optional<String> reportData = Optional.empty();

  @Option(
      names = "--root",
      paramLabel = "PEM",
      description = "Root certificate of a PKI of your own instead of Intel's.")
  private Optional<Path> root = Optional.empty();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() {
    try {
      Instant instant = at.map(Instant::parse).orElseGet(() -> Clock.systemUTC().instant());
      if (quote.isPresent() == batch.isPresent()) {
        return fail(ExitCode.USAGE, "say what to judge: --quote FILE or --batch FILE");
      }
      return batch.isPresent() ? many(batch.get(), instant) : one(quote.orElseThrow(), instant);
    } catch (DateTimeParseException bad) {
      return fail(
          ExitCode.USAGE,
          "--at " + bad.getParsedString() + " is not an instant like " + "2026-01-31T12:00:00Z");
    } catch (CharacterCodingException other) {
      return fail(ExitCode.BLOCKED, batch.map(Path::toString).orElse("a file") + " is not UTF-8");
    } catch (IOException unreadable) {
      return fail(ExitCode.BLOCKED, String.valueOf(unreadable.getMessage()));
    } catch (MalformedException bad) {
      return fail(ExitCode.USAGE, String.valueOf(bad.getMessage()));
    }
  }

  private int one(Path file, Instant instant) throws IOException, MalformedException {
    Bytes bytes = CollateralFiles.read(file, Quote.MAX_SIZE);
    Circumstances now = Circumstances.admission(instant);
    if (reportData.isPresent()) {
      now = now.expecting(hex64(reportData.get()));
    }
    // One verification is over before the native provider would have been loaded.
    Verifier verifier = Verifier.of(P256.ofJdk(), anchors());
    Verdict verdict =
        collateral.isPresent()
            ? VerifyBatch.judge(verifier, bytes, collateral.get(), instant)
            : verifier.verify(bytes, new Collateral(Map.of()), instant);
    VerifiedFacts facts = VerifiedFacts.of(verdict, policy(), now);
    print(facts.facts());
    return facts.exitCode().number();
  }

  private int many(Path file, Instant instant) throws IOException, MalformedException {
    if (collateral.isPresent() || reportData.isPresent()) {
      return fail(
          ExitCode.USAGE,
          "--batch names collateral per line; --collateral and "
              + "--expect-report-data are for --quote");
    }
    P256 p256 = P256.fastest();
    PrintWriter errors = spec.commandLine().getErr();
    errors.println("verify: P-256 by " + p256.describe());
    errors.flush();
    VerifyBatch judging = new VerifyBatch(Verifier.remembering(p256, anchors()), policy(), instant);
    try (BufferedReader lines = open(file)) {
      return judging.run(lines, spec.commandLine().getOut()) ? 0 : ExitCode.BLOCKED.number();
    }
  }

  private static BufferedReader open(Path file) throws IOException {
    return file.toString().equals("-")
        ? new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
        : Files.newBufferedReader(file, StandardCharsets.UTF_8);
  }

  private AppraisalPolicy policy() throws IOException, MalformedException {
    return policy.isPresent()
        ? PolicyFile.parse(CollateralFiles.read(policy.get(), CollateralFiles.MAX_PART))
        : AppraisalPolicy.DEFAULT;
  }

  private TrustAnchors anchors() throws IOException, MalformedException {
    return root.isPresent()
        ? TrustAnchors.ofPem(CollateralFiles.read(root.get(), CollateralFiles.MAX_PART))
        : TrustAnchors.INTEL;
  }

  private static Bytes hex64(String hex) throws MalformedException {
    try {
      Bytes data = Bytes.hex(hex);
      if (data.size() == 64) {
        return data;
      }
    } catch (IllegalArgumentException other) {
      throw new MalformedException("--expect-report-data", 0, "no hex", "128 hex digits");
    }
    throw new MalformedException(
        "--expect-report-data", 0, hex.length() + " characters", "128 hex digits");
  }

  private void print(Map<String, Object> facts) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(JsonLine.of(facts));
    } else {
      lines(out, "", facts);
    }
    out.flush();
  }

  private static void lines(PrintWriter out, String indent, Map<?, ?> facts) {
    facts.forEach((name, value) -> {
      String label = indent + name.toString().replace('_', ' ');
      if (value instanceof Map<?, ?> nested) {
        out.println(label);
        lines(out, indent + "  ", nested);
      } else {
        out.println(
            label
                + "  "
                + (value instanceof java.util.List<?> list
                    ? String.join(" ", list.stream().map(Object::toString).toList())
                    : value.toString()));
      }
    });
  }

  private int fail(ExitCode code, String words) {
    return Failure.tell(spec.commandLine(), code, words, "verify: " + words);
  }
}
