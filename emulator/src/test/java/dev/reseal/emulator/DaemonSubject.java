package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Image;
import dev.reseal.platform.Platform.Creation;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Frames;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/** The daemon, with a Python process an instance that passes requests on to its device. */
final class DaemonSubject implements Subject {
  /** Speaks frames with the test; what does not concern its own memory it asks the device. */
  private static final String RELAY =
      """
      memory = bytes(16)
      port = int(_launch.advice["port"])
      host = socket.create_connection(("127.0.0.1", port))
      def frame(link):
          size = link.recv(4, socket.MSG_WAITALL)
          return link.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL) if size else b""
      def send(link, body):
          link.sendall(len(body).to_bytes(4, "big") + body)
      while True:
          body = frame(host)
          if not body:
              break
          if body[1:5] == b"\\x63put":
              memory = body[-16:]
              send(host, b"\\x81\\x00")
          elif body[1:5] == b"\\x63get":
              send(host, b"\\x82\\x00\\x50" + memory)
          else:
              send(device, body)
              send(host, frame(device))
      """;

  private final Rig rig;
  private final Map<String, Bytes> signed = new HashMap<>();

  DaemonSubject() throws IOException {
    rig = new Rig(300);
  }

  private Image image(String variant) throws IOException {
    return rig.image(RELAY + "# variant " + variant + "\n");
  }

  @Override
  public Outcome create(String variant, String signedAs) {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Image other = image(signedAs);
      Bytes sigstruct = signed.computeIfAbsent(signedAs, _ -> rig.sign(other));
      Image image = image(variant);
      TreeMap<String, String> advice =
          new TreeMap<>(Map.of("port", Integer.toString(server.getLocalPort())));
      return switch (rig.platform.create(image, sigstruct, advice, rig.logs)) {
        case Creation.Created created ->
            new Outcome.Alive(new Inhabitant(created, server.accept()));
        case Creation.OutOfEpc(String detail) -> new Outcome.OutOfEpc(detail);
        case Creation.Refused(var rule, String detail) -> new Outcome.Refused(rule + " " + detail);
      };
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  @Override
  public Optional<Faulty> faulty() {
    return Optional.of(rig.platform);
  }

  @Override
  public OptionalLong free() {
    return OptionalLong.of(rig.free());
  }

  @Override
  public void close() {
    try {
      rig.close();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private final class Inhabitant implements Guest {
    private final Creation.Created created;
    private final Socket link;

    Inhabitant(Creation.Created created, Socket link) {
      this.created = created;
      this.link = link;
    }

    private Fields ask(Cbor... request) {
      try {
        Frames.write(link.getOutputStream(), Cbor.array(request));
        return Fields.ofArray(
            Frames.read(link.getInputStream()).orElseThrow(() -> new Gone("closed")), "answer");
      } catch (IOException broken) {
        throw new Gone(String.valueOf(broken.getMessage()));
      }
    }

    @Override
    public Bytes mrenclave() {
      return created.mrenclave();
    }

    @Override
    public Bytes egetkey(Bytes keyRequest) {
      Fields answer = ask(Cbor.of("egetkey"), Cbor.of(keyRequest));
      return answer.uint(0) == 0 ? answer.bytes(1, 16) : Bytes.ascii(answer.text(1));
    }

    @Override
    public Bytes report(Bytes targetInfo, Bytes reportData) {
      return ask(Cbor.of("report"), Cbor.of(targetInfo), Cbor.of(reportData)).bytes(1, 432);
    }

    @Override
    public Bytes quote(Bytes reportData) {
      Fields answer = ask(Cbor.of("quote"), Cbor.of(reportData));
      if (answer.uint(0) != 0) {
        throw new NoQuote(answer.text(1));
      }
      return answer.blob(1, 1 << 16);
    }

    @Override
    public void put(Bytes secret) {
      ask(Cbor.of("put"), Cbor.of(secret));
    }

    @Override
    public Bytes get() {
      return ask(Cbor.of("get")).bytes(1, 16);
    }

    @Override
    public void destroy() {
      rig.platform.destroy(created.handle());
      rig.waitUntil("it is gone", () -> !rig.platform.alive(created.handle()));
    }
  }
}
