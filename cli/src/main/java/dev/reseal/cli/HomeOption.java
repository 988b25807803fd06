package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.supervisor.Authority;
import dev.reseal.wire.VerifyKey;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** The directory of everything (transport T8), and what it says about the authority. */
final class HomeOption {
  @Option(
      names = "--home",
      defaultValue = "${env:RESEAL_HOME:-.reseal}",
      description = "Directory of everything (default: ${DEFAULT-VALUE}).")
  private Path home = Path.of(".reseal");

  @Option(
      names = "--authority",
      paramLabel = "URL",
      description = "Where the authority answers (default: what public/authority.url says).")
  private String url = "";

  Path lineage(String name) {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}")) {
      throw new Refused(
          "NAME",
          "'" + name + "' is not a name of a lineage",
          "letters, digits, . _ -, at most 63");
    }
    return home.resolve("lineages").resolve(name).toAbsolutePath();
  }

  Path control(String name) {
    return lineage(name).resolve("control.sock");
  }

  /** The directory itself, for a child process. */
  Path path() {
    return home.toAbsolutePath();
  }

  Path platform() {
    return home.resolve("platform");
  }

  Path signer() {
    return home.resolve("signer").resolve("signer.pem");
  }

  Path operator() {
    return home.resolve("operator").resolve("operator.pem");
  }

  Path certificate() {
    return given("authority-tls.pem");
  }

  URI authorityUrl() throws IOException {
    String text = url.isEmpty() ? Files.readString(given("authority.url")).strip() : url;
    return URI.create(text);
  }

  Authority authority() throws IOException {
    return new Authority(authorityUrl(), certificate());
  }

  /** The authority's signing keys in hex, as they are measured into images. */
  String authoritySpki() throws IOException {
    return String.join(",", Files.readString(given("authority.spki")).strip().split("[\\s,]+"));
  }

  List<VerifyKey> operators() throws IOException {
    return Files.readAllLines(given("operator.spki")).stream()
        .filter(line -> !line.isBlank())
        .map(line -> new VerifyKey(Bytes.hex(line.strip())))
        .toList();
  }

  private Path given(String name) {
    Path path = home.resolve("public").resolve(name);
    if (!Files.exists(path)) {
      throw new Refused(
          "NOT_INITIALISED",
          path + " is missing",
          "reseal authority init, or copy it from where the authority runs");
    }
    return path;
  }
}
