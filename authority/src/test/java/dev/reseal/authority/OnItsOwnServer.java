package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.WireError;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** An HTTPS server that echoes, and a client that trusts it alone. */
@SuppressWarnings("NullAway.Init")
abstract class OnItsOwnServer {
  /** More than a connection takes in before its other end reads. */
  static final Bytes LARGE = Bytes.zeros(8 << 20);

  static final Endpoint ECHO =
      new Endpoint() {
        @Override
        public Reply post(String name, Bytes body) {
          return switch (name) {
            case "echo" -> new Reply.Answer(body);
            case "nothing" -> new Reply.Nothing();
            case "wait" -> new Reply.Refused(WireError.of(Code.LEASE_RUNNING, "wait"));
            case "no" -> new Reply.Refused(WireError.of(Code.FENCED, "old"));
            default -> new Reply.Unknown();
          };
        }

        @Override
        public Reply get(String path) {
          return new Reply.Answer(path.equals("large") ? LARGE : Bytes.ascii(path));
        }
      };

  @TempDir Path folder;
  HttpsServer server;
  HttpClient client;

  @BeforeEach
  void start() throws Exception {
    TlsFiles.create(folder, Instant.now());
    server = HttpsServer.start(0, folder.resolve("tls.pem"), folder.resolve("tls.key"), ECHO);
    client = HttpClient.newBuilder().sslContext(pinned()).build();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  SSLContext pinned() throws Exception {
    return ServedApi.trusting(folder.resolve("tls.pem"));
  }

  HttpResponse<byte[]> post(String name, byte[] body) throws Exception {
    URI uri = URI.create("https://127.0.0.1:" + server.port() + "/v1/" + name);
    return client.send(
        HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofByteArray(body)).build(),
        HttpResponse.BodyHandlers.ofByteArray());
  }
}
