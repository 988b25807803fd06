package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.reseal.bytes.Bytes;
import dev.reseal.fixtures.Checkout;
import dev.reseal.platform.Image;
import dev.reseal.platform.Platform;
import dev.reseal.platform.Platform.Creation;
import dev.reseal.wire.Cbor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Every verb of the platform's two sockets (transport T2, T7) under every credential: who is not
 * the owner, or has not shown his token, gets nothing and changes nothing.
 */
@SuppressWarnings("NullAway.Init")
class SocketMatrixTest extends OnARealDaemon {
  private static final Cbor QUOTE = array("quote", Cbor.of(Bytes.zeros(64)));
  private static final Map<String, Cbor> DEVICE = new LinkedHashMap<>();

  static {
    DEVICE.put("egetkey", array("egetkey", Cbor.of(Bytes.zeros(512))));
    DEVICE.put("report", array("report", Cbor.of(Bytes.zeros(512)), Cbor.of(Bytes.zeros(64))));
    DEVICE.put("quote", QUOTE);
  }

  private Path host;
  private Path device;
  private Image image;

  @BeforeEach
  void sockets() throws IOException {
    host = rig.home.resolve("platform/host.sock");
    device = rig.home.resolve("platform/device.sock");
    image = rig.image(WAIT);
  }

  private static Cbor array(String verb, Cbor... arguments) {
    Cbor[] all = new Cbor[arguments.length + 1];
    all[0] = Cbor.of(verb);
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return Cbor.array(all);
  }

  private static Cbor launch(Bytes token) {
    return array("launch", Cbor.of(token));
  }

  /** Every verb of the host socket; the last ones change something. */
  private Map<String, Cbor> hostVerbs(String handle) {
    Map<String, Cbor> all = new LinkedHashMap<>();
    all.put("measure", array("measure", Cbor.of(image.encode())));
    all.put("headroom", array("headroom"));
    all.put("list", array("list"));
    all.put("alive", array("alive", Cbor.of(handle)));
    all.put("info", array("info"));
    all.put("reload", array("reload"));
    Bytes advice = new Cbor.Dict(Map.of()).encode(Cbor.Profile.VALUES);
    all.put(
        "create",
        array(
            "create",
            Cbor.of(image.encode()),
            Cbor.of(rig.sign(image)),
            Cbor.of(advice),
            Cbor.of(rig.logs.toString())));
    all.put("fault", array("fault", Cbor.of("microcode"), Cbor.of(9)));
    all.put("destroy", array("destroy", Cbor.of(handle)));
    all.put("await-end", array("await-end", Cbor.of(handle)));
    return all;
  }

  private record State(List<Platform.Instance> instances, long free, Bytes machine) {
    static State of(Rig rig) throws IOException {
      Path file = rig.home.resolve("platform/machine");
      return new State(rig.platform.list(), rig.free(), Bytes.wrap(Files.readAllBytes(file)));
    }
  }

  /** As if somebody had opened all directories on the way: the credential is what is left. */
  private void openTheWay() throws IOException {
    for (String path : List.of("", "platform")) {
      Files.setPosixFilePermissions(
          rig.home.resolve(path), PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    for (Path socket : List.of(host, device)) {
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rwxrwxrwx"));
    }
  }

  private static void onlyRootHasOthers() {
    assumeTrue(System.getProperty("user.name").equals("root"), "starts a process of another user");
  }

  @Test
  void theHostSocketAnswersItsOwnerAndNoOtherUser() throws Exception {
    Creation.Created created = rig.created(image);
    Map<String, Cbor> verbs = hostVerbs(created.handle());
    if (System.getProperty("user.name").equals("root")) {
      State before = State.of(rig);
      assertThat(Peer.askAsAnother(host, array("list"))).containsExactly("PermissionError");
      openTheWay();
      for (Cbor request : verbs.values()) {
        assertThat(Peer.askAsAnother(host, request))
            .as("%s", request)
            .containsExactly(Peer.HUNG_UP);
      }
      assertThat(State.of(rig)).isEqualTo(before);
    }
    for (Map.Entry<String, Cbor> verb : verbs.entrySet()) {
      assertThat(Peer.ask(host, verb.getValue())).as(verb.getKey()).containsExactly(Peer.DONE);
    }
    assertThat(rig.platform.list()).as("one more, one less").hasSize(1);
    assertThat(rig.platform.alive(created.handle())).isFalse();
  }

  @Test
  void theDeviceAnswersNobodyWithoutATokenOfHisOwn() throws Exception {
    Careless careless = Careless.start(rig, image);
    State before = State.of(rig);
    Map<String, List<Cbor>> credentials = new LinkedHashMap<>();
    credentials.put("no token", List.of());
    credentials.put("302 TOKEN", List.of(launch(Bytes.zeros(32))));
    credentials.put("304 WRONG_PROCESS", List.of(launch(careless.token)));
    for (Map.Entry<String, List<Cbor>> credential : credentials.entrySet()) {
      for (Cbor verb : DEVICE.values()) {
        Cbor[] all =
            Stream.concat(credential.getValue().stream(), Stream.of(verb)).toArray(Cbor[]::new);
        List<String> told =
            all.length == 1 ? List.of(Peer.HUNG_UP) : List.of(credential.getKey(), Peer.HUNG_UP);
        assertThat(Peer.ask(device, all)).as(credential + " " + verb).isEqualTo(told);
      }
    }
    for (Bytes half : List.of(careless.token.slice(0, 16), Bytes.EMPTY)) {
      assertThat(Peer.ask(device, launch(half))).containsExactly(Peer.HUNG_UP);
    }
    assertThat(State.of(rig)).isEqualTo(before);
    assertThat(careless.goOn()).isInstanceOf(Creation.Created.class);
    // Its token is used now, and its own process has the only connection.
    assertThat(rig.said("second")).startsWith("8319012f");
    assertThat(Peer.ask(device, launch(careless.token), QUOTE))
        .containsExactly("304 WRONG_PROCESS", Peer.HUNG_UP);
    assertThat(rig.platform.list()).hasSize(1);
  }

  @Test
  void anotherUserWithAStolenTokenIsNotTheInstance() throws Exception {
    onlyRootHasOthers();
    Careless careless = Careless.start(rig, image);
    assertThat(Peer.askAsAnother(device, launch(careless.token)))
        .containsExactly("PermissionError");
    openTheWay();
    for (Cbor verb : DEVICE.values()) {
      assertThat(Peer.askAsAnother(device, launch(careless.token), verb))
          .containsExactly("304 WRONG_PROCESS", Peer.HUNG_UP);
      assertThat(Peer.askAsAnother(device, verb)).containsExactly(Peer.HUNG_UP);
    }
    assertThat(careless.goOn()).isInstanceOf(Creation.Created.class);
  }

  @Test
  void noSocketKnowsTheOthersVerbs() throws Exception {
    Creation.Created created = rig.created(image);
    State before = State.of(rig);
    for (Cbor request : hostVerbs(created.handle()).values()) {
      assertThat(Peer.ask(device, request)).as("%s", request).containsExactly(Peer.HUNG_UP);
    }
    for (Cbor request : DEVICE.values()) {
      assertThat(Peer.ask(host, request)).as("%s", request).containsExactly(Peer.HUNG_UP);
    }
    assertThat(Peer.ask(host, launch(Bytes.zeros(32)))).containsExactly(Peer.HUNG_UP);
    assertThat(Peer.ask(host, array("LIST"))).containsExactly(Peer.HUNG_UP);
    assertThat(Peer.ask(host, array("list", Cbor.of(1)))).containsExactly(Peer.HUNG_UP);
    assertThat(State.of(rig)).isEqualTo(before);
  }

  /** A verb that nobody put into these tables. */
  @Test
  void everyVerbOfTheContractIsAsked() throws IOException {
    String contract = Files.readString(Checkout.file("spec/transport.md"));
    assertThat(verbs(section(contract, "## T7"))).isEqualTo(hostVerbs("h").keySet());
    Set<String> asked = verbs(section(contract, "## T2"));
    asked.remove("launch");
    assertThat(asked).isEqualTo(DEVICE.keySet());
  }

  private static String section(String contract, String title) {
    int start = contract.indexOf(title);
    return contract.substring(start, contract.indexOf("\n## ", start));
  }

  private static Set<String> verbs(String section) {
    return Pattern.compile("`\\[\"([a-z-]+)\"")
        .matcher(section)
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.toSet());
  }
}
