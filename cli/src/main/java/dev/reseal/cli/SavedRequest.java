package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.WireException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/**
 * A signed request that goes to a file first: to be tested against a policy, or to be approved and
 * then made.
 */
final class SavedRequest {
  /** The largest request that an authority reads. */
  private static final int REQUEST_MOST = 128 << 10;

  private static final int APPROVAL_MOST = 1024;

  @Option(
      names = "--save-request",
      paramLabel = "FILE",
      description =
          "Write the signed request there and stop; for authority policy test and authority"
              + " approve.")
  private Optional<Path> to = Optional.empty();

  @Option(
      names = "--request",
      paramLabel = "FILE",
      description = "Ask for what this saved request asks for.")
  private Optional<Path> from = Optional.empty();

  @Option(
      names = "--approval",
      paramLabel = "FILE",
      description = "What authority approve wrote for --request; as often as there are approvals.")
  private List<Path> approvals = new ArrayList<>();

  boolean wanted() {
    return to.isPresent();
  }

  /** Whether it is about one request, now or later. */
  boolean used() {
    return to.isPresent() || from.isPresent() || !approvals.isEmpty();
  }

  int save(Requests.Made made, PrintWriter out) throws IOException {
    Path file = to.orElseThrow();
    Files.write(file, made.message().toArray());
    out.println("request " + made.opId() + " is in " + file + "; nothing was asked");
    out.flush();
    return 0;
  }

  /** The saved request with its approvals, signed by this key; a fresh one if none was named. */
  Requests.Made or(Supplier<Requests.Made> fresh, Bytes lineage, Kind kind, SigningKey key)
      throws IOException {
    if (from.isEmpty()) {
      if (!approvals.isEmpty()) {
        throw Refused.usage(
            "approvals are of one request, which --request must name",
            "--save-request FILE writes one");
      }
      return fresh.get();
    }
    Ask ask = asked(lineage, kind).orElseThrow();
    List<Bytes> approved = new ArrayList<>();
    for (Path each : approvals) {
      approved.add(content(each, APPROVAL_MOST));
    }
    Bytes message = Signed.sign(Request.of(ask, approved), key).cose();
    return new Requests.Made(ask.head().opId(), message);
  }

  /** What the saved request asks for that is to be made now, if it is of this kind and lineage. */
  Optional<Ask> asked(Bytes lineage, Kind kind) throws IOException {
    if (from.isEmpty()) {
      return Optional.empty();
    }
    Ask ask = read(from.get());
    if (ask.kind() != kind || !ask.head().lineage().equals(lineage)) {
      throw new Refused(
          "REQUEST",
          from.get()
              + " asks for "
              + ask.kind().wireName()
              + " of lineage "
              + ask.head().lineage()
              + ", not for "
              + kind.wireName()
              + " of "
              + lineage,
          "the verb, its --mode and the name that wrote it");
    }
    return Optional.of(ask);
  }

  /** What a saved request asks for; who signed it is for whoever answers it to judge. */
  static Ask read(Path file) throws IOException {
    try {
      return Signed.peek(Request.class, content(file, REQUEST_MOST)).decodeAsk();
    } catch (WireException other) {
      throw new Refused(
          "REQUEST",
          file + " is not a saved request: " + other.getMessage(),
          "--save-request FILE writes one");
    }
  }

  private static Bytes content(Path file, int most) throws IOException {
    if (!Files.isRegularFile(file) || Files.size(file) > most) {
      throw new Refused(
          "NO_FILE", file + " is not a file of at most " + most + " bytes", "see the path");
    }
    return Bytes.wrap(Files.readAllBytes(file));
  }
}
