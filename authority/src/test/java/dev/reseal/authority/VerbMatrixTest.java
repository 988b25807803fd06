package dev.reseal.authority;

import static dev.reseal.authority.ApiVerb.DONE;
import static dev.reseal.authority.World.answer;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.authority.ApiVerb.Call;
import dev.reseal.authority.ApiVerb.Credential;
import dev.reseal.bytes.Bytes;
import dev.reseal.fixtures.Checkout;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Request;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.WireError;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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

  @TempDir private Path home;
  private ServedApi api;

  @BeforeEach
  void start() throws Exception {
    api = new ServedApi(home);
  }

  @AfterEach
  void stop() {
    api.close();
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
    return ApiVerb.ALL.stream()
        .map(row -> DynamicTest.dynamicTest(row.name(), () -> check(row)))
        .toList();
  }

  private void check(ApiVerb row) throws Exception {
    World world = new World(Files.createTempDirectory(home, "w"));
    SigningKey instance = Forger.keyOf(row.scene().play(world));
    SigningKey other = otherOperator(world);
    api.serve(world.service);
    Call call = row.asking().call(world);
    Everything before = Everything.of(world);
    for (Credential credential : Credential.values()) {
      if (row.may().contains(credential)
          || (credential == Credential.EXPIRED && call.expired().equals(Bytes.EMPTY))) {
        continue;
      }
      Bytes body = body(credential, call, world, instance, other, right(row, world));
      assertThat(outcome(api.post(call.name(), body)))
          .as(row.name() + " " + credential)
          .isEqualTo(rule(credential, row));
      assertThat(Everything.of(world)).as(row.name() + " " + credential).isEqualTo(before);
    }
    Bytes good = Cose.sign(call.type(), call.payload(), right(row, world));
    HttpResponse<byte[]> first = api.post(call.name(), good);
    assertThat(outcome(first)).isEqualTo(row.outcome());
    Everything after = Everything.of(world);
    HttpResponse<byte[]> again = api.post(call.name(), good);
    assertThat(again.statusCode()).isEqualTo(first.statusCode());
    assertThat(again.body()).isEqualTo(first.body());
    assertThat(Everything.of(world)).as(row.name() + " replayed").isEqualTo(after);
  }

  /** Who acts in the end: the one with the least rights that suffice. */
  private static SigningKey right(ApiVerb row, World world) {
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

  private static String rule(Credential credential, ApiVerb row) {
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
            new Ask.Extra.PolicyFile(World.bytes(policy), Optional.empty()));
    answer(world.request(ask, world.operator));
    return other;
  }

  /** Birth has no lineage whose policy could name anybody: the authority's own list decides. */
  @Test
  void aBirthNeedsAnOperatorOfTheAuthority() throws Exception {
    World world = new World(Files.createTempDirectory(home, "w"));
    api.serve(world.service);
    Call call = ApiVerb.request(world, Kind.POLICY);
    SigningKey stranger = SigningKey.generate(Randomness.system());
    for (SigningKey key : List.of(stranger, world.supervisor, world.signer)) {
      assertThat(outcome(api.post("request", sign(call, key)))).isEqualTo("SIGNER");
    }
    assertThat(outcome(api.post("request", call.payload()))).isEqualTo("TYPE");
    assertThat(outcome(api.post("request", Cose.sign("request", call.expired(), world.operator))))
        .isEqualTo("FENCED");
    assertThat(world.store.tail().seq()).isZero();
    assertThat(outcome(api.post("request", sign(call, world.operator)))).isEqualTo(DONE);
  }

  /** What needs no credential tells nothing that is secret and changes nothing. */
  @Test
  void whatAnybodyMayAskChangesNothing() throws Exception {
    World world = new World(Files.createTempDirectory(home, "w"));
    world.serving();
    api.serve(world.service);
    Everything before = Everything.of(world);
    Bytes opId = world.status().operation().opId();
    for (String path :
        List.of(
            "status/" + World.LINEAGE,
            "named/" + World.NAME,
            "activation/" + World.LINEAGE + "/" + opId,
            "proof/" + World.LINEAGE + "/" + opId)) {
      assertThat(outcome(api.get(path))).as(path).isEqualTo(DONE);
    }
    assertThat(outcome(api.get("abort/" + World.LINEAGE + "/" + opId))).isEqualTo("NO_SUCH_ANSWER");
    Bytes nonce = Cbor.array(Cbor.of(World.LINEAGE), Cbor.of(Bytes.zeros(32))).encode();
    assertThat(outcome(api.post("passport", nonce))).isEqualTo(DONE);
    Bytes operation = Cbor.array(Cbor.of(World.LINEAGE), Cbor.of(opId)).encode();
    assertThat(outcome(api.post("challenge", operation))).isEqualTo("WRONG_STATE");
    assertThat(Everything.of(world)).isEqualTo(before);
  }

  /** A call that nobody made a verb, or that the mutations of messages do not cover. */
  @Test
  void everyCallOfTheContractHasARow() throws Exception {
    Set<String> called =
        Files.readAllLines(Checkout.file("spec/transport.md")).stream()
            .filter(line -> line.startsWith("| `POST /v1/"))
            .map(line -> line.substring("| `POST /v1/".length(), line.indexOf('`', 4)))
            .collect(Collectors.toSet());
    Set<String> rows = ApiVerb.ALL.stream().map(ApiVerb::name).collect(Collectors.toSet());
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
