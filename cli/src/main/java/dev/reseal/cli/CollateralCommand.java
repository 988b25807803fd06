package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.collateral.CollateralClient;
import dev.reseal.collateral.CollateralFiles;
import dev.reseal.collateral.Endpoint;
import dev.reseal.collateral.FetchLimits;
import dev.reseal.collateral.FetchRequest;
import dev.reseal.collateral.Fetched;
import dev.reseal.collateral.ServerTrust;
import dev.reseal.lifecycle.ExitCode;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.CollateralSummary;
import dev.reseal.quote.Origin;
import dev.reseal.quote.P256;
import dev.reseal.quote.Quote;
import dev.reseal.quote.Tee;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.quote.Verdict;
import dev.reseal.quote.Verifier;
import dev.reseal.sgx.MalformedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code reseal collateral}: get, look at and verify what quotes are judged by. */
@Command(
    name = "collateral",
    description = "Fetch, show and verify the collateral that quotes are judged by.",
    subcommands = {
      CollateralCommand.Fetch.class,
      CollateralCommand.Show.class,
      CollateralCommand.Verify.class
    })
public final class CollateralCommand {

  /** What the subcommands share. */
  abstract static class Base implements Callable<Integer> {
    @Option(
        names = "--root",
        paramLabel = "PEM",
        description = "Root certificate of a PKI of your own instead of Intel's.")
    private Optional<Path> root = Optional.empty();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    abstract int run() throws IOException, MalformedException, InterruptedException;

    @Override
    public Integer call() throws InterruptedException {
      try {
        return run();
      } catch (DateTimeParseException bad) {
        return fail(ExitCode.USAGE, "--at " + bad.getParsedString() + " is not an instant in UTC");
      } catch (IllegalArgumentException bad) {
        return fail(ExitCode.USAGE, String.valueOf(bad.getMessage()));
      } catch (MalformedException bad) {
        return fail(ExitCode.COLLATERAL_REFUSED, String.valueOf(bad.getMessage()));
      } catch (IOException unreadable) {
        return fail(ExitCode.BLOCKED, String.valueOf(unreadable.getMessage()));
      }
    }

    final Verifier verifier() throws IOException, MalformedException {
      return Verifier.of(
          P256.ofJdk(),
          root.isPresent()
              ? TrustAnchors.ofPem(CollateralFiles.read(root.get(), CollateralFiles.MAX_PART))
              : TrustAnchors.INTEL);
    }

    final int fail(ExitCode code, String words) {
      return Failure.tell(
          spec.commandLine(), code, words, "collateral " + spec.name() + ": " + words);
    }

    final void say(String line) {
      PrintWriter out = spec.commandLine().getOut();
      out.println(line);
      out.flush();
    }

    final void show(Collateral collateral) throws MalformedException {
      for (CollateralSummary.Line line : CollateralSummary.of(collateral).lines()) {
        say(
            "%-30s %s .. %s  %s"
                .formatted(line.part().fileName(), line.from(), line.until(), line.what()));
      }
    }
  }

  /** Asks the endpoints. */
  @Command(
      name = "fetch",
      description = {
        "Fetch collateral for a quote or a family of platforms into a folder.",
        "What is written has verified, is in date, and is not older than what the cache holds."
      })
  static final class Fetch extends Base {
    @Option(
        names = "--quote",
        paramLabel = "FILE",
        description = "The quote that is to be judged; or give --fmspc, --tee and --ca.")
    private Optional<Path> quote = Optional.empty();

    @Option(names = "--fmspc", description = "Family of platforms, 12 hex digits.")
    private Optional<String> fmspc = Optional.empty();

    @Option(names = "--tee", description = "sgx or tdx.")
    private Optional<String> tee = Optional.empty();

    @Option(names = "--ca", description = "processor or platform.")
    private Optional<String> ca = Optional.empty();

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where to.")
    private Path out = Path.of("collateral");

    @Option(
        names = "--endpoint",
        paramLabel = "URI",
        description = "PCCS, https://HOST:PORT; repeat for fallbacks (default: Intel's PCS).")
    private List<URI> endpoints = new ArrayList<>();

    @Option(
        names = "--tls-ca",
        paramLabel = "PEM",
        description = "Believe only this TLS authority or server (default: those of the JVM).")
    private Optional<Path> tlsAuthority = Optional.empty();

    @Option(names = "--cache", paramLabel = "DIR", description = "Keep and reuse what was fetched.")
    private Optional<Path> cache = Optional.empty();

    @Option(
        names = "--update",
        defaultValue = "standard",
        description = "early or standard (default: ${DEFAULT-VALUE}).")
    private String update = "standard";

    @Option(names = "--offline", description = "Only what the cache holds.")
    private boolean offline;

    @Override
    int run() throws IOException, MalformedException, InterruptedException {
      FetchRequest request = new FetchRequest(origin(), channel());
      List<Endpoint> from =
          endpoints.isEmpty()
              ? List.of(Endpoint.INTEL)
              : endpoints.stream().map(Endpoint::pccs).toList();
      Clock clock = Clock.systemUTC();
      try (CollateralClient client =
          cache.isPresent()
              ? CollateralClient.cached(
                  from, cache.get(), verifier(), FetchLimits.DEFAULT, trust(), clock)
              : CollateralClient.direct(from, verifier(), FetchLimits.DEFAULT, trust(), clock)) {
        return report(offline ? client.kept(request) : client.fetch(request));
      }
    }

    private ServerTrust trust() throws IOException {
      if (tlsAuthority.isEmpty()) {
        return new ServerTrust.Known();
      }
      try {
        return ServerTrust.only(CollateralFiles.read(tlsAuthority.get(), CollateralFiles.MAX_PART));
      } catch (MalformedException bad) {
        throw new IllegalArgumentException("--tls-ca: " + bad.getMessage(), bad);
      }
    }

    private int report(Fetched fetched) throws IOException, MalformedException {
      return switch (fetched) {
        case Fetched.Fresh fresh -> {
          fresh.failures().forEach(failure -> say("passed over " + failure));
          say("from " + fresh.from());
          yield written(fresh.collateral());
        }
        case Fetched.Kept kept -> {
          kept.failures().forEach(failure -> say("no help from " + failure));
          say("from the cache");
          yield written(kept.collateral());
        }
        case Fetched.Nothing nothing ->
            fail(ExitCode.BLOCKED, "nothing usable; " + String.join("; ", nothing.failures()));
      };
    }

    private int written(Collateral collateral) throws IOException, MalformedException {
      CollateralFiles.save(collateral, out);
      show(collateral);
      return 0;
    }

    private Origin origin() throws IOException, MalformedException {
      boolean family = fmspc.isPresent() && tee.isPresent() && ca.isPresent();
      if (quote.isPresent() == family) {
        throw new IllegalArgumentException(
            "say for which platforms: --quote FILE, or --fmspc, --tee and --ca together");
      }
      if (quote.isPresent()) {
        return Origin.of(CollateralFiles.read(quote.get(), Quote.MAX_SIZE));
      }
      Tee kind =
          switch (tee.orElseThrow()) {
            case "sgx" -> Tee.SGX;
            case "tdx" -> Tee.TDX;
            default -> throw new IllegalArgumentException("--tee is sgx or tdx");
          };
      Origin.Authority authority =
          switch (ca.orElseThrow()) {
            case "processor" -> Origin.Authority.PROCESSOR;
            case "platform" -> Origin.Authority.PLATFORM;
            default -> throw new IllegalArgumentException("--ca is processor or platform");
          };
      return new Origin(kind, Bytes.hex(fmspc.orElseThrow()), authority);
    }

    private FetchRequest.Channel channel() {
      return switch (update) {
        case "early" -> FetchRequest.Channel.EARLY;
        case "standard" -> FetchRequest.Channel.STANDARD;
        default -> throw new IllegalArgumentException("--update is early or standard");
      };
    }
  }

  /** Says what is there, without judging. */
  @Command(name = "show", description = "Say what collateral says of itself, unverified.")
  static final class Show extends Base {
    @Parameters(index = "0", paramLabel = "DIR|FILE", description = "Folder or JSON file.")
    private Path path = Path.of("collateral");

    @Override
    int run() throws IOException, MalformedException {
      show(CollateralFiles.load(path));
      return 0;
    }
  }

  /** Signatures and dates. */
  @Command(
      name = "verify",
      description = "Verify signatures up to the root, and dates; exit 0 or 47.")
  static final class Verify extends Base {
    @Parameters(index = "0", paramLabel = "DIR|FILE", description = "Folder or JSON file.")
    private Path path = Path.of("collateral");

    @Option(names = "--at", paramLabel = "INSTANT", description = "Judge at (default: now).")
    private Optional<String> at = Optional.empty();

    @Override
    int run() throws IOException, MalformedException {
      Instant instant = at.map(Instant::parse).orElseGet(() -> Clock.systemUTC().instant());
      Verifier verifier = verifier();
      Collateral collateral = CollateralFiles.load(path);
      return switch (verifier.check(collateral)) {
        case Verifier.Checked.Bad bad -> refused(bad.refused());
        case Verifier.Checked.Good good -> {
          Optional<Verdict.Refused> late = verifier.current(good.collateral(), instant);
          if (late.isPresent()) {
            yield refused(late.get());
          }
          say("good at " + instant + ", until " + good.collateral().window().until());
          yield 0;
        }
      };
    }

    private int refused(Verdict.Refused refused) {
      say("Refused " + refused.reason().word());
      say(refused.detail());
      return ExitCode.COLLATERAL_REFUSED.number();
    }
  }
}
