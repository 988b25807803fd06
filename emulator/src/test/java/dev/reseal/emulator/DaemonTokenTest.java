package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Platform.Creation;
import dev.reseal.wire.Cbor;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One launch token is one connection of one process (spec 22.3). */
class DaemonTokenTest extends OnARealDaemon {
  @Test
  void aSecondConnectionOfTheInstanceIsRefused() throws Exception {
    rig.created(
        rig.image(
            """
            other = socket.socket(socket.AF_UNIX)
            other.connect(_launch.advice["device"])
            body = b"\\x82\\x66launch\\x58\\x20" + bytes(32)
            other.sendall(len(body).to_bytes(4, "big") + body)
            say("second", other.recv(200)[4:])
            """
                + WAIT));
    assertThat(rig.said("second")).startsWith("8319012e");
  }

  @Test
  void aTokenServesOneConnectionOfOneProcess() throws Exception {
    Bytes token = Bytes.ascii("t".repeat(32));
    Process process = new ProcessBuilder("sleep", "600").start();
    try (var secret = dev.reseal.bytes.Secret.own(token.toArray())) {
      InstanceProcess instance = new InstanceProcess("h", Quoting.QE, rig.logs, process, secret);
      assertThat(instance.isTokenHash(token.sha256())).isTrue();
      assertThat(instance.open(process.pid() + 1)).isEqualTo(Launch.WRONG_PROCESS);
      assertThat(instance.open(process.pid())).isInstanceOf(Launch.Opened.class);
      assertThat(instance.open(process.pid())).isEqualTo(Launch.USED_TOKEN);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aStolenTokenAndASecondUseAreRefusedToRealProcesses() throws Exception {
    Careless careless = Careless.start(rig, rig.image(WAIT));
    assertThat(launched(careless.token)).isEqualTo(List.of("304 WRONG_PROCESS", Peer.HUNG_UP));
    assertThat(launched(Bytes.zeros(32))).isEqualTo(List.of("302 TOKEN", Peer.HUNG_UP));
    assertThat(careless.goOn()).isInstanceOf(Creation.Created.class);
    assertThat(rig.said("first")).startsWith("82005820");
    assertThat(rig.said("second")).startsWith("8319012f");
    assertThat(rig.platform.list()).hasSize(1);
  }

  /** What the device answers when this JVM shows a token, and to whatever it asks then. */
  private List<String> launched(Bytes token) throws IOException {
    return Peer.ask(
        rig.home.resolve("platform/device.sock"),
        Cbor.array(Cbor.of("launch"), Cbor.of(token)),
        Cbor.array(Cbor.of("quote"), Cbor.of(Bytes.zeros(64))));
  }
}
