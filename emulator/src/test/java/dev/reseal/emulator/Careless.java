package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Image;
import dev.reseal.platform.Platform.Creation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * An instance whose boot stub lets its token be stolen, which the real one does not: it leaves it
 * in a file, and opens its device when {@link #goOn} says so, and then a second time.
 */
final class Careless {
  private static final String BOOT =
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

  final Bytes token;
  private final Rig rig;
  private final CompletableFuture<Creation> creating;

  private Careless(Rig rig, Bytes token, CompletableFuture<Creation> creating) {
    this.rig = rig;
    this.token = token;
    this.creating = creating;
  }

  /** Started, and its token lies open. */
  static Careless start(Rig rig, Image image) throws IOException {
    TreeMap<String, Path> files = new TreeMap<>(image.files());
    String code = BOOT.replace("HOME", rig.home.toString());
    files.put(Manifest.BOOT, Files.writeString(rig.sources.resolve("careless.py"), code));
    Image careless = image.withFiles(files);
    Bytes sigstruct = rig.sign(careless);
    var creating = CompletableFuture.supplyAsync(() -> rig.create(careless, sigstruct));
    Path stolen = rig.home.resolve("token");
    rig.waitUntil("the token lies open", () -> stolen.toFile().length() == 32);
    return new Careless(rig, Bytes.wrap(Files.readAllBytes(stolen)), creating);
  }

  Creation goOn() throws Exception {
    Files.createFile(rig.home.resolve("go"));
    return creating.get();
  }
}
