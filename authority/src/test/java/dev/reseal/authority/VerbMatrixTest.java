package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.PhaseTimes;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Request;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import dev.reseal.wire.WireError;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every verb of the authority's HTTPS API, under every credential that somebody may have: what is
 * not allowed is refused by name and changes neither row, log nor key store; what is allowed
 * happens, once. A row is a verb, a column a credential.
 */
@SuppressWarnings("NullAway.Init")
final class VerbMatrixTest {
  private static final Bytes OTHER_LINEAGE = Bytes.hex("ffeeddccbbaa99887766554433221100");
  private static final String DONE = "done";

  @TempDir private Path home;
  private HttpsServer server;
  private HttpClient client;
  private volatile Endpoint behind;

  /** Who asks, and how. The last three have the right key. */
  private enum Credential {
    NONE,
    STRANGER,
    OTHER_OPERATOR,
    INSTANCE,
    AUTHORITY,
    SUPERVISOR,
    OPERATOR,
    /** The right key, another signature. */
    FORGED,
    /** Signed by the right key as something else. */
    OTHER_TYPE,
    /** Signed by the right key before the last operation. */
    EXPIRED
  }

  /** What is asked for. */
  private record Call(String name, String type, Bytes payload, Bytes expired) {}

  private interface Scene {
    Instance play(World world);
  }

  private interface Asking {
    Call call(World world);
  }

  /**
   * One verb.
   *
   * @param may whose key is accepted; what comes of it is {@code outcome}
   * @param denied the rule for a supervisor that is not among them
   */
  private record Row(
      String verb,
      Scene scene,
      Asking asking,
      Set<Credential> may,
      String denied,
      String outcome) {}

  private static final Set<Credential> OPERATOR = Set.of(Credential.OPERATOR);
  private static final Set<Credential> HOST = Set.of(Credential.OPERATOR, Credential.SUPERVISOR);

  private static Row request(Kind kind, Scene scene, Set<Credential> may, String outcome) {
    String denied = "DENY verb=" + kind.wireName();
    return new Row(kind.wireName(), scene, world -> request(world, kind), may, denied, outcome);
  }

  private static final List<Row> ROWS =
      List.of(
          request(Kind.POLICY, World::serving, OPERATOR, DONE),
          request(Kind.GENESIS, VerbMatrixTest::childless, OPERATOR, DONE),
          request(Kind.RESEAL, World::serving, OPERATOR, DONE),
          request(Kind.UPGRADE, World::serving, OPERATOR, "NOT_IN_THIS_VERSION"),
          request(Kind.MIGRATE, World::serving, OPERATOR, "NOT_IN_THIS_VERSION"),
          request(Kind.TAKEOVER, VerbMatrixTest::lapsed, HOST, DONE),
          request(Kind.RECOVER, World::serving, OPERATOR, "NOT_IN_THIS_VERSION"),
          request(Kind.REKEY, World::serving, OPERATOR, DONE),
          request(Kind.ABORT, VerbMatrixTest::prepared, HOST, DONE),
          request(Kind.RETIRE, VerbMatrixTest::checkpointed, HOST, DONE),
          request(Kind.CLOSE, World::serving, OPERATOR, DONE),
          new Row("key-add", World::serving, VerbMatrixTest::keyAdd, OPERATOR, "SIGNER", DONE),
          new Row("key-list", World::serving, VerbMatrixTest::keyList, OPERATOR, "SIGNER", DONE),
          new Row(
              "phase-times",
              World::serving,
              VerbMatrixTest::phaseTimes,
              Set.of(Credential.SUPERVISOR),
              "SIGNER",
              DONE));

  /** A lineage without an instance; the key that stands for one is nobody's. */
  private static Instance childless(World world) {
    world.born();
    return world.instance();
  }

  /** The passport has ended: a takeover waits for nobody. */
  private static Instance lapsed(World world) {
    Instance active = world.serving();
    world.clocks.pass(10_000);
    return active;
  }

  private static Instance prepared(World world) {
    Instance active = world.serving();
    world.begin(Kind.RESEAL, false);
    return active;
  }

  private static Instance checkpointed(World world) {
    Instance active = world.activate(world.sealed(world.serving(), false));
    world.checkpoint(active);
    return active;
  }

  private static Call request(World world, Kind kind) {
    Ask.Extra extra =
        switch (kind) {
          case POLICY -> new Ask.Extra.PolicyFile(World.bytes(world.policy("")));
          case RETIRE -> {
            Status.Retirable can = world.status().retirable();
            yield new Ask.Extra.Keys(can.wrapIds(), can.gens());
          }
          case GENESIS, RESEAL, UPGRADE, MIGRATE, TAKEOVER, RECOVER, REKEY, ABORT, CLOSE ->
              Ask.NOTHING;
        };
    Ask ask = world.ask(kind, kind == Kind.GENESIS || kind == Kind.REKEY, extra);
    Head now = ask.head();
    // Before the birth there is no fence: what expired there is from after it.
    long fence = now.fence() == 0 ? 1 : now.fence() - 1;
    Head then = new Head(now.lineage(), Randomness.system().bytes(16), fence, now.epoch());
    Ask old = new Ask(then, kind, ask.mode(), ask.targets(), ask.rotate(), extra);
    return new Call(
        "request",
        "request",
        Request.of(ask, List.of()).payload(),
        Request.of(old, List.of()).payload());
  }

  private static Call keyAdd(World world) {
    return call(
        "key-add",
        Cbor.map()
            .with(1, 1)
            .with(2, World.LINEAGE)
            .with(3, "records")
            .with(4, Bytes.zeros(32))
            .with(5, Randomness.system().bytes(16))
            .encode());
  }

  private static Call keyList(World world) {
    return call(
        "key-list",
        Cbor.map()
            .with(1, 1)
            .with(2, World.LINEAGE)
            .with(5, Randomness.system().bytes(16))
            .encode());
  }

  private static Call phaseTimes(World world) {
    Bytes opId = world.status().operation().opId();
    return call(PhaseTimes.NAME, new PhaseTimes(World.LINEAGE, opId, new TreeMap<>()).encode());
  }

  /** Those have no fence: a nonce or the operation says what they are about. */
  private static Call call(String name, Bytes payload) {
    return new Call(name, name, payload, Bytes.EMPTY);
  }

  @BeforeEach
  void start() throws Exception {
    TlsFiles.create(home, Instant.now());
    Endpoint current =
        new Endpoint() {
          @Override
          public Reply post(String name, Bytes body) {
            return behind.post(name, body);
          }

          @Override
          public Reply get(String path) {
            return behind.get(path);
          }
        };
    server = HttpsServer.start(0, home.resolve("tls.pem"), home.resolve("tls.key"), current);
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, new char[0]);
    byte[] pem = Files.readAllBytes(home.resolve("tls.pem"));
    anchors.setCertificateEntry(
        "authority",
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem)));
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(anchors);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    client = HttpClient.newBuilder().sslContext(context).build();
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private HttpResponse<byte[]> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  private HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + server.port() + "/v1/" + path));
  }

  private HttpResponse<byte[]> post(String name, Bytes body) throws Exception {
    return send(to(name).POST(HttpRequest.BodyPublishers.ofByteArray(body.toArray())));
  }

  private static String outcome(HttpResponse<byte[]> response) {
    return switch (response.statusCode()) {
      case 200, 204 -> DONE;
      case 409, 503 -> WireError.decode(Bytes.of(response.body())).rule();
      default -> "status " + response.statusCode();
    };
  }

  /** All that an event could change. */
  private record Everything(Bytes row, long entries, Set<String> keys) {
    static Everything of(World world) {
      return new Everything(
          world.store.row(World.LINEAGE).orElseThrow().row(),
          world.store.tail().seq(),
          world.keys.names());
    }
  }

  @TestFactory
  List<DynamicTest> everyVerbUnderEveryCredential() {
    return ROWS.stream().map(row -> DynamicTest.dynamicTest(row.verb(), () -> check(row))).toList();
  }

  private void check(Row row) throws Exception {
    World world = new World(Files.createTempDirectory(home, "w"));
    SigningKey instance = Forger.keyOf(row.scene().play(world));
    SigningKey other = otherOperator(world);
    behind = world.service;
    Call call = row.asking().call(world);
    Everything before = Everything.of(world);
    for (Credential credential : Credential.values()) {
      if (row.may().contains(credential)
          || (credential == Credential.EXPIRED && call.expired().equals(Bytes.EMPTY))) {
        continue;
      }
      Bytes body = body(credential, call, world, instance, other, right(row, world));
      assertThat(outcome(post(call.name(), body)))
          .as(row.verb() + " " + credential)
          .isEqualTo(rule(credential, row));
      assertThat(Everything.of(world)).as(row.verb() + " " + credential).isEqualTo(before);
    }
    Bytes good = Cose.sign(call.type(), call.payload(), right(row, world));
    HttpResponse<byte[]> first = post(call.name(), good);
    assertThat(outcome(first)).isEqualTo(row.outcome());
    Everything after = Everything.of(world);
    HttpResponse<byte[]> again = post(call.name(), good);
    assertThat(again.statusCode()).isEqualTo(first.statusCode());
    assertThat(again.body()).isEqualTo(first.body());
    assertThat(Everything.of(world)).as(row.verb() + " replayed").isEqualTo(after);
  }

  /** Who acts in the end: the one with the least rights that suffice. */
  private static SigningKey right(Row row, World world) {
    return row.may().contains(Credential.SUPERVISOR) ? world.supervisor : world.operator;
  }

  private static Bytes body(
      Credential credential,
      Call call,
      World world,
      SigningKey instance,
      SigningKey other,
      SigningKey right) {
    return switch (credential) {
      case NONE -> call.payload();
      case STRANGER -> sign(call, SigningKey.generate(Randomness.system()));
      case OTHER_OPERATOR -> sign(call, other);
      case INSTANCE -> sign(call, instance);
      case AUTHORITY -> sign(call, world.signer);
      case SUPERVISOR -> sign(call, world.supervisor);
      case OPERATOR -> sign(call, world.operator);
      case FORGED -> {
        byte[] forged = sign(call, right).toArray();
        forged[forged.length - 1] ^= 1;
        yield Bytes.wrap(forged);
      }
      case OTHER_TYPE -> Cose.sign(Request.APPROVAL, call.payload(), right);
      case EXPIRED -> Cose.sign(call.type(), call.expired(), right);
    };
  }

  private static Bytes sign(Call call, SigningKey key) {
    return Cose.sign(call.type(), call.payload(), key);
  }

  private static String rule(Credential credential, Row row) {
    return switch (credential) {
      case NONE -> "TYPE";
      case STRANGER, OTHER_OPERATOR, INSTANCE, AUTHORITY, OPERATOR -> "SIGNER";
      case SUPERVISOR -> row.denied();
      case FORGED, OTHER_TYPE -> "SIGNATURE";
      case EXPIRED -> "FENCED";
    };
  }

  /** A second lineage of the same authority, whose operator is not the first one's. */
  private static SigningKey otherOperator(World world) {
    SigningKey other = SigningKey.generate(Randomness.system());
    String policy =
        world
            .policy("")
            .replace(World.LINEAGE.toHex(), OTHER_LINEAGE.toHex())
            .replace("\"customers\"", "\"suppliers\"")
            .replace(
                "\"operators\": [\"" + world.operator.verifyKey().spki(),
                "\"operators\": [\"" + other.verifyKey().spki());
    Head birth = new Head(OTHER_LINEAGE, Randomness.system().bytes(16), 0, 0);
    Ask ask =
        new Ask(
            birth,
            Kind.POLICY,
            Optional.empty(),
            List.of(),
            false,
            new Ask.Extra.PolicyFile(World.bytes(policy)));
    answer(world.request(ask, world.operator));
    return other;
  }

  /** Birth has no lineage whose policy could name anybody: the authority's own list decides. */
  @Test
  void aBirthNeedsAnOperatorOfTheAuthority() throws Exception {
    World world = new World(Files.createTempDirectory(home, "w"));
    behind = world.service;
    Call call = request(world, Kind.POLICY);
    SigningKey stranger = SigningKey.generate(Randomness.system());
    for (SigningKey key : List.of(stranger, world.supervisor, world.signer)) {
      assertThat(outcome(post("request", sign(call, key)))).isEqualTo("SIGNER");
    }
    assertThat(outcome(post("request", call.payload()))).isEqualTo("TYPE");
    assertThat(outcome(post("request", Cose.sign("request", call.expired(), world.operator))))
        .isEqualTo("FENCED");
    assertThat(world.store.tail().seq()).isZero();
    assertThat(outcome(post("request", sign(call, world.operator)))).isEqualTo(DONE);
  }

  /** What needs no credential tells nothing that is secret and changes nothing. */
  @Test
  void whatAnybodyMayAskChangesNothing() throws Exception {
    World world = new World(Files.createTempDirectory(home, "w"));
    world.serving();
    behind = world.service;
    Everything before = Everything.of(world);
    Bytes opId = world.status().operation().opId();
    for (String path :
        List.of(
            "status/" + World.LINEAGE,
            "named/" + World.NAME,
            "activation/" + World.LINEAGE + "/" + opId,
            "proof/" + World.LINEAGE + "/" + opId)) {
      assertThat(outcome(send(to(path)))).as(path).isEqualTo(DONE);
    }
    assertThat(outcome(send(to("abort/" + World.LINEAGE + "/" + opId))))
        .isEqualTo("NO_SUCH_ANSWER");
    Bytes nonce = Cbor.array(Cbor.of(World.LINEAGE), Cbor.of(Bytes.zeros(32))).encode();
    assertThat(outcome(post("passport", nonce))).isEqualTo(DONE);
    Bytes operation = Cbor.array(Cbor.of(World.LINEAGE), Cbor.of(opId)).encode();
    assertThat(outcome(post("challenge", operation))).isEqualTo("WRONG_STATE");
    assertThat(Everything.of(world)).isEqualTo(before);
  }

  /** A call that nobody put into a row above, or that the mutations of messages do not cover. */
  @Test
  void everyCallOfTheContractHasARow() throws Exception {
    Path here = Path.of("").toAbsolutePath();
    while (!Files.exists(here.resolve("spec/transport.md"))) {
      here = Objects.requireNonNull(here.getParent(), "no spec above the working directory");
    }
    Set<String> called =
        Files.readAllLines(here.resolve("spec/transport.md")).stream()
            .filter(line -> line.startsWith("| `POST /v1/"))
            .map(line -> line.substring("| `POST /v1/".length(), line.indexOf('`', 4)))
            .collect(Collectors.toSet());
    Set<String> rows = ROWS.stream().map(Row::verb).collect(Collectors.toSet());
    for (Kind kind : Kind.values()) {
      assertThat(rows).contains(kind.wireName());
      rows.remove(kind.wireName());
    }
    List<String> all = new ArrayList<>(rows);
    // The messages of instances are MessageMutationTest's.
    Stream.of("request", "<type name>", "challenge", "passport").forEach(all::add);
    assertThat(called).containsExactlyInAnyOrderElementsOf(all);
    assertThat(MessageType.REQUEST.wireName()).isEqualTo("request");
  }
}
