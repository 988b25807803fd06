package dev.reseal.cli;

import dev.reseal.supervisor.Requests;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** A signed request that goes to a file instead of a supervisor, to be tested against a policy. */
final class SavedRequest {
  @Option(
      names = "--save-request",
      paramLabel = "FILE",
      description = "Write the signed request there and stop; for authority policy test.")
  private Optional<Path> file = Optional.empty();

  boolean wanted() {
    return file.isPresent();
  }

  int save(Requests.Made made, PrintWriter out) throws IOException {
    Path to = file.orElseThrow();
    Files.write(to, made.message().toArray());
    out.println("request " + made.opId() + " is in " + to + "; nothing was asked");
    out.flush();
    return 0;
  }
}
