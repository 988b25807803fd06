package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.supervisor.Authority;
import dev.reseal.wire.VerifyKey;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Spec;

/** The directory of everything (transport T8), and what it says about the authority. */
@Command
final class HomeOption {
  private final OptionSpec home =
      Declared.optional(
          "--home",
          "DIR",
          Path.class,
          "${env:RESEAL_HOME:-.reseal}",
          "Directory of everything (default: ${DEFAULT-VALUE}).");
  private final OptionSpec url =
      Declared.optional(
          "--authority",
          "URL",
          String.class,
          "",
          "Where the authority answers (default: what public/authority.url says).");

  /** Called by picocli where this is a mixin of a verb with annotations. */
  @Spec(Spec.Target.MIXEE)
  void declare(CommandSpec verb) {
    verb.addOption(home).addOption(url);
  }

  private Path home() {
    return home.getValue();
  }

  Path lineage(String name) {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}")) {
      throw new Refused(
          "NAME",
          "'" + name + "' is not a name of a lineage",
          "letters, digits, . _ -, at most 63");
    }
    return home().resolve("lineages").resolve(name).toAbsolutePath();
  }

  Path control(String name) {
    return lineage(name).resolve("control.sock");
  }

  /** The directory itself, for a child process. */
  Path path() {
    return home().toAbsolutePath();
  }

  Path platform() {
    return home().resolve("platform");
  }

  Path signer() {
    return home().resolve("signer").resolve("signer.pem");
  }

  Path operator() {
    return home().resolve("operator").resolve("operator.pem");
  }

  Path certificate() {
    return given("authority-tls.pem");
  }

  URI authorityUrl() throws IOException {
    String asked = url.getValue();
    if (!asked.isEmpty()) {
      return https(asked)
          .orElseThrow(() -> Refused.usage("--authority is '" + asked + "'", "https://HOST:PORT"));
    }
    Path file = given("authority.url");
    String said = Files.readString(file).strip();
    return https(said)
        .orElseThrow(() -> new IOException(file + " has '" + said + "', not https://HOST:PORT"));
  }

  /** What the calls to the authority are made of: host and port, no path. */
  private static Optional<URI> https(String text) {
    try {
      URI uri = new URI(text);
      boolean complete =
          "https".equals(uri.getScheme())
              && uri.getHost() != null
              && uri.getPort() != 0
              && uri.getPort() <= 65_535
              && List.of("", "/").contains(uri.getPath());
      return complete ? Optional.of(uri) : Optional.empty();
    } catch (URISyntaxException garbled) {
      return Optional.empty();
    }
  }

  Authority authority() throws IOException {
    return new Authority(authorityUrl(), certificate());
  }

  /** The authority's signing keys in hex, as they are measured into images. */
  String authoritySpki() throws IOException {
    return String.join(",", Files.readString(given("authority.spki")).strip().split("[\\s,]+"));
  }

  List<VerifyKey> operators() throws IOException {
    Path file = given("operator.spki");
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> !line.isBlank())
          .map(line -> new VerifyKey(Bytes.hex(line.strip())))
          .toList();
    } catch (IllegalArgumentException garbled) {
      throw new IOException(file + " is not of keys in hex: " + garbled.getMessage(), garbled);
    }
  }

  private Path given(String name) {
    Path path = home().resolve("public").resolve(name);
    if (!Files.exists(path)) {
      throw new Refused(
          "NOT_INITIALISED",
          path + " is missing",
          "reseal authority init, or copy it from where the authority runs");
    }
    return path;
  }
}
