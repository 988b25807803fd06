package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Image;
import dev.reseal.platform.Platform.Creation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

  /** A boot stub that lets its token be stolen, which the real one does not. */
  private static final String CARELESS_BOOT =
      """
      import sys, os, time, _socket
      token = sys.stdin.buffer.read(32)
      body = sys.stdin.buffer.read()
      at = body.index(b"device") + 6
      path = body[at + 2 : at + 2 + body[at + 1]] if body[at] == 0x78 else body[at + 1 : at + 1 + body[at] - 0x60]
      with open("HOME/token", "wb") as out:
          out.write(token)
      while not os.path.exists("HOME/go"):
          time.sleep(0.01)
      def launch():
          link = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
          link.connect(path.decode())
          request = b"\\x82\\x66launch\\x58\\x20" + token
          link.sendall(len(request).to_bytes(4, "big") + request)
          return link, link.recv(300)[4:]
      first, answer = launch()
      print("first", answer.hex(), flush=True)
      second, answer = launch()
      print("second", answer.hex(), flush=True)
      time.sleep(600)
      """;

  @Test
  void aStolenTokenAndASecondUseAreRefusedToRealProcesses() throws Exception {
    Image image = rig.image(WAIT);
    java.util.TreeMap<String, Path> files = new java.util.TreeMap<>(image.files());
    String code = CARELESS_BOOT.replace("HOME", rig.home.toString());
    files.put(Manifest.BOOT, Files.writeString(rig.sources.resolve("careless.py"), code));
    Image careless = image.withFiles(files);
    Bytes sigstruct = rig.sign(careless);
    var creating =
        java.util.concurrent.CompletableFuture.supplyAsync(() -> rig.create(careless, sigstruct));
    Path stolen = rig.home.resolve("token");
    rig.waitUntil("the token lies open", () -> stolen.toFile().length() == 32);
    assertThat(launchAsThisProcess(Bytes.wrap(Files.readAllBytes(stolen)))).isEqualTo(304);
    assertThat(launchAsThisProcess(Bytes.zeros(32))).isEqualTo(302);
    Files.createFile(rig.home.resolve("go"));
    assertThat(creating.get()).isInstanceOf(Creation.Created.class);
    assertThat(rig.said("first")).startsWith("82005820");
    assertThat(rig.said("second")).startsWith("8319012f");
    assertThat(rig.platform.list()).hasSize(1);
  }

  /** What the device answers when this JVM shows a token. */
  private long launchAsThisProcess(Bytes token) throws IOException {
    var address = java.net.UnixDomainSocketAddress.of(rig.home.resolve("platform/device.sock"));
    try (var channel = java.nio.channels.SocketChannel.open(address)) {
      dev.reseal.wire.Frames.write(
          java.nio.channels.Channels.newOutputStream(channel),
          dev.reseal.wire.Cbor.array(
              dev.reseal.wire.Cbor.of("launch"), dev.reseal.wire.Cbor.of(token)));
      var answer = dev.reseal.wire.Frames.read(java.nio.channels.Channels.newInputStream(channel));
      return dev.reseal.wire.Fields.ofArray(answer.orElseThrow(), "answer").uint(0);
    }
  }
}
