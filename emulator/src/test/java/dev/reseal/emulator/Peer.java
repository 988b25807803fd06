package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Frames;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Somebody who sends frames to a socket of the platform, and what he is told. */
final class Peer {
  static final String DONE = "done";
  static final String HUNG_UP = "hung up";

  /** The uid of {@code nobody}. */
  private static final String OTHER_UID = "65534";

  private static final String CONNECTS =
      """
      import socket, sys
      link = socket.socket(socket.AF_UNIX)
      link.settimeout(10)
      link.connect(sys.argv[1])
      try:
          for frame in sys.argv[2:]:
              link.sendall(bytes.fromhex(frame))
              head = link.recv(4, socket.MSG_WAITALL)
              print((head + link.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)).hex())
      except (BrokenPipeError, ConnectionResetError):
          print()
      """;

  private Peer() {}

  /** This process asks, over one connection, until the platform hangs up. */
  static List<String> ask(Path socket, Cbor... requests) throws IOException {
    List<String> told = new ArrayList<>();
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      OutputStream out = Channels.newOutputStream(channel);
      InputStream in = Channels.newInputStream(channel);
      for (Cbor request : requests) {
        Frames.write(out, request);
        Optional<Cbor> answer = Frames.read(in);
        if (answer.isEmpty()) {
          told.add(HUNG_UP);
          return told;
        }
        told.add(word(answer.get()));
      }
    } catch (SocketException reset) {
      told.add(HUNG_UP);
    } catch (IOException ended) {
      if (!String.valueOf(ended.getMessage()).contains("Broken pipe")) {
        throw ended;
      }
      told.add(HUNG_UP);
    }
    return told;
  }

  /** A process of another user asks; only root can start one. */
  static List<String> askAsAnother(Path socket, Cbor... requests) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of("setpriv", "--reuid", OTHER_UID, "--regid", OTHER_UID, "--clear-groups"));
    command.addAll(List.of(Rig.python().toString(), "-I", "-c", CONNECTS, socket.toString()));
    for (Cbor request : requests) {
      Bytes body = request.encode();
      command.add(Bytes.concat(Bytes.u32(body.size()), body).toHex());
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String all = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      return Stream.of("PermissionError", "BlockingIOError")
          .filter(all::contains)
          .findFirst()
          .map(List::of)
          .orElseThrow(() -> new AssertionError(all));
    }
    return all.lines()
        .map(line -> line.isEmpty() ? HUNG_UP : word(Cbor.decode(Bytes.hex(line.substring(8)))))
        .collect(Collectors.toList());
  }

  private static String word(Cbor answer) {
    Fields fields = Fields.ofArray(answer, "answer");
    long code = fields.uint(0);
    return code == 0 ? DONE : code + " " + fields.text(1);
  }
}
