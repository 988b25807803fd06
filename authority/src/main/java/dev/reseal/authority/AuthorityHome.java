package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.Essentials.Env;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.VerifyKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** The authority's directories (transport T8): made once, served from then on. */
public final class AuthorityHome {
  private static final int SWEEP_S = 5;

  private final Path home;

  public AuthorityHome(Path home) {
    this.home = home;
  }

  /**
   * What was decided when the authority was made.
   *
   * @param collateral folder in the shape of {@code dev.reseal.quote.Collateral.Part}
   */
  public record Facts(Env env, VerifyKey spki, List<VerifyKey> operators, Path collateral) {
    public Facts {
      operators = List.copyOf(operators);
    }
  }

  public boolean exists() {
    return Files.exists(own("authority.json"));
  }

  /** Makes keys, TLS certificate and what relying parties are given; refused if there are any. */
  public Facts init(Env env, List<VerifyKey> operators, Path collateral) throws IOException {
    if (exists()) {
      throw new IOException(own("authority.json") + " exists: this authority was made already");
    }
    Path directory = home.resolve("authority");
    Files.createDirectories(home);
    if (!Files.exists(directory)) {
      Files.createDirectory(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    VerifyKey spki = key();
    TlsFiles.create(directory, Instant.now());
    Facts facts = new Facts(env, spki, operators, collateral);
    Path open = Files.createDirectories(home.resolve("public"));
    Files.writeString(open.resolve("authority.spki"), spki.spki().toHex() + "\n");
    StringBuilder keys = new StringBuilder();
    operators.forEach(each -> keys.append(each.spki().toHex()).append('\n'));
    Files.writeString(open.resolve("operator.spki"), keys);
    Files.writeString(open.resolve("authority-tls.pem"), Files.readString(own("tls.pem")));
    Files.writeString(own("authority.json"), json(facts));
    return facts;
  }

  private VerifyKey key() throws IOException {
    if (Files.exists(own("keystore"))) {
      throw new IOException(
          own("keystore")
              + " exists without authority.json: restore that file; only where no"
              + " lineage was ever served may the directory be removed");
    }
    try (KeyFile keys = KeyFile.open(own("keystore"))) {
      SigningKey fresh = SigningKey.generate(Randomness.system());
      try (Secret pkcs8 = fresh.pkcs8()) {
        keys.put(KeyNames.AUTHORITY, pkcs8);
      }
      return fresh.verifyKey();
    }
  }

  public Facts facts() throws IOException {
    if (!exists()) {
      throw new IOException(own("authority.json") + " is missing: reseal authority init makes it");
    }
    Bytes content = Bytes.wrap(Files.readAllBytes(own("authority.json")));
    try {
      JsonFields in = JsonFields.of(StrictJson.parse(content), "");
      in.number("version", 1, 1);
      Facts facts =
          new Facts(
              Env.valueOf(in.oneOf("env", List.of("prod", "demo")).toUpperCase(Locale.ROOT)),
              in.key("spki"),
              in.list("operators", 64, JsonFields.Item::key),
              Path.of(in.text("collateral")));
      in.end();
      return facts;
    } catch (PolicyException malformed) {
      throw new IOException(own("authority.json") + ": " + malformed.getMessage(), malformed);
    }
  }

  private static String json(Facts facts) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("version", "1");
    fields.put("env", quoted(facts.env().name().toLowerCase(Locale.ROOT)));
    fields.put("spki", quoted(facts.spki().spki().toHex()));
    fields.put(
        "operators",
        facts.operators().stream().map(each -> quoted(each.spki().toHex())).toList().toString());
    fields.put("collateral", quoted(facts.collateral().toString()));
    StringBuilder out = new StringBuilder("{");
    fields.forEach((name, value) ->
        out.append(out.length() > 1 ? "," : "")
            .append("\n  ")
            .append(quoted(name))
            .append(": ")
            .append(value));
    return out.append("\n}\n").toString();
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  /** A running authority; close it to stop. */
  public record Running(
      HttpsServer server,
      ScheduledExecutorService sweeper,
      AutoCloseable store,
      KeyStore keys,
      Map<Bytes, String> alarms)
      implements AutoCloseable {
    public int port() {
      return server.port();
    }

    @Override
    public void close() {
      server.close();
      sweeper.close();
      try {
        store.close();
      } catch (Exception failed) {
        throw new StoreException("cannot close the register", failed);
      }
      keys.close();
    }
  }

  /** A server that is made while the register is opened. */
  public interface Making {
    HttpsServer get() throws IOException, InterruptedException;
  }

  /**
   * A server that does not listen yet.
   *
   * @param port 0 for the port of the last start, or a free one
   */
  public HttpsServer server(int port) throws IOException {
    return HttpsServer.make(port == 0 ? lastPort() : port, own("tls.pem"), own("tls.key"));
  }

  /** Opens everything and listens. */
  public Running start(Making making) throws IOException, InterruptedException {
    return start(making, Seams.NONE);
  }

  /** The same with somebody in between. */
  public Running start(Making making, Seams seams) throws IOException, InterruptedException {
    Facts facts = facts();
    KeyStore keys = seams.keys(KeyFile.open(own("keystore")));
    Store store = null;
    try {
      SigningKey signer = signer(keys, facts.spki());
      store = seams.register(SqliteStore.open(own("register.db")));
      AuthorityService service =
          new AuthorityService(
              store,
              seams.anchor(new FileAnchor(own("anchor"))),
              keys,
              signer,
              new AuthorityService.Setup(
                  facts.env(),
                  facts.operators(),
                  new DcapJudge(facts.collateral(), SeenCollateral.in(own("seen-collateral"))),
                  Clocks.system(),
                  Randomness.system()));
      HttpsServer server = making.get();
      server.serve(seams.calls(service));
      publish(server.port());
      return new Running(server, sweeper(service), store, keys, service.alarms());
    } catch (IOException | InterruptedException | RuntimeException failed) {
      keys.close();
      if (store != null) {
        store.close();
      }
      throw failed;
    }
  }

  /** Nobody need ask about a closed lineage for its keys to go. */
  private static ScheduledExecutorService sweeper(AuthorityService service) {
    ScheduledExecutorService sweeper =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("closed-lineages").factory());
    var _ =
        sweeper.scheduleWithFixedDelay(() -> sweep(service), SWEEP_S, SWEEP_S, TimeUnit.SECONDS);
    return sweeper;
  }

  private static void sweep(AuthorityService service) {
    try {
      service.eraseClosed();
    } catch (StoreException | KeyStoreException failed) {
      System.err.println(
          "reseal: keys of closed lineages are not erased yet: " + failed.getMessage());
    }
  }

  private static SigningKey signer(KeyStore keys, VerifyKey spki) {
    try (Secret pkcs8 =
        keys.get(KeyNames.AUTHORITY)
            .orElseThrow(() -> new KeyStoreException("the key store lacks the authority's key"))) {
      return SigningKey.of(pkcs8, spki, Randomness.system());
    }
  }

  private int lastPort() throws IOException {
    Path file = own("port");
    return Files.exists(file) ? Integer.parseInt(Files.readString(file).strip()) : 0;
  }

  private void publish(int port) throws IOException {
    say(own("port"), port + "\n");
    say(home.resolve("public").resolve("authority.url"), "https://127.0.0.1:" + port + "\n");
  }

  /** Whole or not at all, since others read it meanwhile; a restart has nothing new to say. */
  private static void say(Path path, String text) throws IOException {
    if (!Files.exists(path) || !Files.readString(path).equals(text)) {
      DurableFile.replace(path, Bytes.ascii(text));
    }
  }

  private Path own(String name) {
    return home.resolve("authority").resolve(name);
  }
}
