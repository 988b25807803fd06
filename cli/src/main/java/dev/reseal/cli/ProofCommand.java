package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Cause;
import dev.reseal.lifecycle.ExitCode;
import dev.reseal.proof.Finding;
import dev.reseal.proof.ProofVerifier;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.sgx.MalformedException;
import dev.reseal.wire.Status;
import dev.reseal.wire.VerifyKey;
import dev.reseal.wire.WireException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code reseal proof}: what an operation did, for somebody who was not there. */
@Command(
    name = "proof",
    description = "What an operation did, for somebody who was not there.",
    subcommands = {ProofCommand.Show.class, ProofCommand.Verify.class})
final class ProofCommand {
  /** Fetches the proof of an operation. */
  @Command(name = "show", description = "Fetch the proof of an operation from the authority.")
  static final class Show implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "The lineage.")
    private String name = "";

    @Mixin private HomeOption home = new HomeOption();

    @Option(names = "--op", paramLabel = "HEX", description = "op_id (default: the newest).")
    private Optional<String> opId = Optional.empty();

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "Where to.")
    private Path out = Path.of("");

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
      Optional<Bytes> asked = opId.map(Show::operation);
      Status status = Services.status(home, name);
      Bytes operation = asked.orElse(status.operation().opId());
      Bytes proof =
          AuthorityCalls.require(home.authority().fetch("proof", status.lineage(), operation));
      Files.write(out, proof.toArray());
      spec.commandLine().getOut().println("proof of operation " + operation + ": " + out);
      String reported = ProofWords.reported(ProofVerifier.reported(proof));
      spec.commandLine()
          .getOut()
          .println(
              reported.isEmpty()
                  ? "  the supervisor reported no times"
                  : "  as the supervisor reported, ms: " + reported);
      spec.commandLine().getOut().flush();
      return 0;
    }

    private static Bytes operation(String text) {
      try {
        return Bytes.hex(text);
      } catch (IllegalArgumentException other) {
        throw Refused.usage("--op is '" + text + "'", "an op_id in hex, as reseal status --json");
      }
    }
  }

  /** Verifies a proof without asking anybody. */
  @Command(
      name = "verify",
      description = "Verify a proof offline; the trust anchors are yours, never the file's.")
  static final class Verify implements Callable<Integer> {
    @Parameters(paramLabel = "FILE", description = "The proof.")
    private Path file = Path.of("");

    @Option(
        names = "--authority-spki",
        required = true,
        paramLabel = "FILE",
        description = "The authority's key in hex, as in public/authority.spki.")
    private Path authority = Path.of("");

    @Option(
        names = "--root",
        required = true,
        paramLabel = "PEM",
        description = "The platform's root certificate, as in public/platform-root.pem.")
    private Path root = Path.of("");

    @Option(
        names = "--home",
        defaultValue = "${env:RESEAL_HOME:-.reseal}",
        description = "Not read: a proof is verified from the three files alone.")
    @SuppressWarnings("UnusedVariable")
    private Path home = Path.of(".reseal");

    @Option(names = "--json", description = "One JSON object.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
      Finding finding = new ProofVerifier(key(), anchors()).verify(read());
      PrintWriter out = spec.commandLine().getOut();
      switch (finding) {
        case Finding.Proven proven -> {
          Output.print(out, ProofWords.facts(proven), json);
          if (!json) {
            out.println(ProofWords.line(proven));
          }
        }
        case Finding.Refused(String field, String detail) -> {
          Cause cause = new Cause("PROOF " + field, detail, "this file proves nothing");
          Map<String, Object> facts = new LinkedHashMap<>();
          facts.put("verdict", "REFUSED");
          facts.put("field", field);
          return Failure.tell(spec.commandLine(), new Refused(ExitCode.NOT_OURS, cause), facts);
        }
      }
      out.flush();
      return 0;
    }

    private Bytes read() throws IOException {
      try (InputStream in = Files.newInputStream(file)) {
        return Bytes.wrap(in.readNBytes(ProofVerifier.MOST));
      }
    }

    private VerifyKey key() throws IOException {
      try {
        return new VerifyKey(Bytes.hex(Files.readString(authority).strip()));
      } catch (IllegalArgumentException | WireException malformed) {
        throw new Refused("SPKI", authority + " is not an SPKI in hex", "");
      }
    }

    private TrustAnchors anchors() throws IOException {
      try {
        return TrustAnchors.ofPem(Bytes.wrap(Files.readAllBytes(root)));
      } catch (MalformedException malformed) {
        throw new Refused("ROOT", root + ": " + malformed.getMessage(), "");
      }
    }
  }
}
