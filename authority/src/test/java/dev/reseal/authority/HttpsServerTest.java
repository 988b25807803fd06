package dev.reseal.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.WireError;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
@SuppressWarnings("NullAway.Init")
class HttpsServerTest {
  private static final Endpoint ECHO =
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
          return new Reply.Answer(Bytes.ascii(path));
        }
      };

  @TempDir private Path folder;
  private HttpsServer server;
  private HttpClient client;

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

  private SSLContext pinned() throws Exception {
    return ServedApi.trusting(folder.resolve("tls.pem"));
  }

  private HttpResponse<byte[]> post(String name, byte[] body) throws Exception {
    URI uri = URI.create("https://127.0.0.1:" + server.port() + "/v1/" + name);
    return client.send(
        HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofByteArray(body)).build(),
        HttpResponse.BodyHandlers.ofByteArray());
  }

  @Test
  void answersRefusalsAndSilenceHaveTheirStatus() throws Exception {
    assertThat(post("echo", new byte[] {1, 2}).body()).containsExactly(1, 2);
    assertThat(post("nothing", new byte[0]).statusCode()).isEqualTo(204);
    assertThat(post("wait", new byte[0]).statusCode()).isEqualTo(503);
    assertThat(post("no", new byte[0]).statusCode()).isEqualTo(409);
    assertThat(post("other", new byte[0]).statusCode()).isEqualTo(404);
    Bytes error = Bytes.of(post("no", new byte[0]).body());
    assertThat(WireError.decode(error).code()).isEqualTo(Code.FENCED);
  }

  @Test
  void aBodyAboveTheLimitIsRefused() throws Exception {
    assertThat(post("echo", new byte[HttpsServer.BODY_MAX]).statusCode()).isEqualTo(200);
    // The length alone is enough; who goes on sending may find the connection closed instead.
    assertThat(
            firstLineFor(
                "POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: "
                    + (HttpsServer.BODY_MAX + 1)
                    + "\r\n\r\n"))
        .isEqualTo("HTTP/1.1 413");
  }

  private String firstLineFor(String head) throws Exception {
    try (Socket peer = pinned().getSocketFactory().createSocket("127.0.0.1", server.port())) {
      peer.setSoTimeout(20_000);
      peer.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      return new String(peer.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
    }
  }

  @Test
  void aBodyWithoutALengthIsReadToTheLimitOnly() throws Exception {
    URI uri = URI.create("https://127.0.0.1:" + server.port() + "/v1/echo");
    byte[] piece = new byte[HttpsServer.BODY_MAX];
    HttpRequest chunked =
        HttpRequest.newBuilder(uri)
            .POST(
                HttpRequest.BodyPublishers.ofInputStream(() ->
                    new SequenceInputStream(
                        new ByteArrayInputStream(piece), new ByteArrayInputStream(piece))))
            .build();
    int status;
    try {
      status = client.send(chunked, HttpResponse.BodyHandlers.discarding()).statusCode();
    } catch (IOException hungUp) {
      status = 413; // refused while the rest was still on its way
    }
    assertThat(status).isEqualTo(413);
    assertThat(post("nothing", new byte[0]).statusCode()).isEqualTo(204);
  }

  @Test
  void headersAboveTheLimitAreRefusedAndTheServerGoesOn() throws Exception {
    String head = "GET /v1/x HTTP/1.1\r\nHost: x\r\nX-Long: " + "a".repeat(64 << 10) + "\r\n\r\n";
    String answer;
    try {
      answer = firstLineFor(head);
    } catch (IOException hungUp) {
      answer = "";
    }
    assertThat(answer).doesNotContain(" 200");
    assertThat(post("nothing", new byte[0]).statusCode()).isEqualTo(204);
  }

  @Test
  void slowClientsDoNotKeepOthersWaiting() throws Exception {
    SSLSocketFactory factory = pinned().getSocketFactory();
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 64; i++) {
        Socket peer = factory.createSocket("127.0.0.1", server.port());
        peer.getOutputStream()
            .write("POST /v1/echo HTTP/1.1\r\nHost:".getBytes(StandardCharsets.US_ASCII));
        slow.add(peer);
      }
      assertThat(post("echo", new byte[] {7}).body()).containsExactly(7);
    } finally {
      for (Socket each : slow) {
        each.close();
      }
    }
  }

  /** Before, during and after the handshake, in the header, in the body and after an answer. */
  @Test
  void whoTakesTooLongIsHungUpOn() throws Exception {
    Path certificate = folder.resolve("tls.pem");
    Duration patience = Duration.ofSeconds(3);
    try (HttpsServer impatient =
            HttpsServer.start(0, certificate, folder.resolve("tls.key"), ECHO, patience);
        Socket mute = new Socket(InetAddress.getLoopbackAddress(), impatient.port());
        Socket greeting = new Socket(InetAddress.getLoopbackAddress(), impatient.port());
        Socket met = pinned().getSocketFactory().createSocket("127.0.0.1", impatient.port());
        Socket asking = pinned().getSocketFactory().createSocket("127.0.0.1", impatient.port());
        Socket telling = pinned().getSocketFactory().createSocket("127.0.0.1", impatient.port());
        Socket done = pinned().getSocketFactory().createSocket("127.0.0.1", impatient.port())) {
      greeting.getOutputStream().write(new byte[] {0x16, 0x03, 0x01});
      ((SSLSocket) met).startHandshake();
      begin(asking);
      begin(telling);
      telling
          .getOutputStream()
          .write(" x\r\nContent-Length: 9\r\n\r\n!".getBytes(StandardCharsets.US_ASCII));
      assertThat(echoed(done)).contains("200");
      for (Socket each : List.of(mute, greeting, met, asking, telling, done)) {
        assertThat(ended(each)).as(each.toString()).isTrue();
      }
    }
  }

  /** Whether the peer ends the connection, with or without an alert or an answer before. */
  private static boolean ended(Socket socket) throws IOException {
    socket.setSoTimeout(10_000); // less than the server's patience
    try {
      socket.getInputStream().transferTo(OutputStream.nullOutputStream());
    } catch (SocketTimeoutException stillOpen) {
      return false;
    } catch (IOException reset) {
      return true;
    }
    return true;
  }

  /** Each sends a byte now and then, so that no silence ends it. */
  @Test
  void whoHoldsEveryConnectionMakesRoomForWhoAsks() throws Exception {
    SSLSocketFactory factory = pinned().getSocketFactory();
    List<Socket> slow = new ArrayList<>();
    try {
      Socket known = factory.createSocket("127.0.0.1", server.port());
      slow.add(known);
      assertThat(echoed(known)).contains("200");
      for (int i = 0; i < 16; i++) {
        Socket peer = factory.createSocket("127.0.0.1", server.port());
        slow.add(peer);
        begin(peer);
      }
      for (int i = 0; i < 2 * HttpsServer.CONNECTIONS_MAX; i++) {
        slow.add(
            new Socket(InetAddress.getLoopbackAddress(), server.port())); // not even a handshake
      }
      assertThat(post("echo", new byte[] {7}).body()).containsExactly(7);
      assertThat(echoed(known))
          .as("one that has asked before is not the first to go")
          .contains("200");
      assertThat(ended(slow.get(1))).as("the oldest that never asked").isTrue();
    } finally {
      for (Socket each : slow) {
        each.close();
      }
    }
  }

  private static void begin(Socket peer) throws IOException {
    peer.setSoTimeout(20_000);
    peer.getOutputStream()
        .write("POST /v1/echo HTTP/1.1\r\nHost:".getBytes(StandardCharsets.US_ASCII));
  }

  private static String echoed(Socket peer) throws IOException {
    begin(peer);
    peer.getOutputStream()
        .write(" x\r\nContent-Length: 1\r\n\r\n!".getBytes(StandardCharsets.US_ASCII));
    StringBuilder answer = new StringBuilder();
    while (!answer.toString().endsWith("\r\n\r\n!")) {
      int next = peer.getInputStream().read();
      assertThat(next).as("after " + answer).isNotNegative();
      answer.append((char) next);
    }
    return answer.toString();
  }

  @Test
  void aFloodIsAnsweredToTheLast() throws Exception {
    List<Callable<Integer>> calls =
        Collections.nCopies(1_000, () -> post("echo", new byte[] {1}).statusCode());
    try (ExecutorService threads = Executors.newFixedThreadPool(32)) {
      for (Future<Integer> each : threads.invokeAll(calls)) {
        assertThat(each.get()).isEqualTo(200);
      }
    }
  }

  @Test
  void thePathOfAGetArrivesWhole() throws Exception {
    URI uri = URI.create("https://127.0.0.1:" + server.port() + "/v1/status/00ff");
    HttpResponse<String> answer =
        client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    assertThat(answer.body()).isEqualTo("status/00ff");
  }

  @Test
  void olderTlsIsRefused() throws Exception {
    SSLParameters old = new SSLParameters();
    old.setProtocols(new String[] {"TLSv1.2"});
    try (HttpClient outdated =
        HttpClient.newBuilder().sslContext(pinned()).sslParameters(old).build()) {
      URI uri = URI.create("https://127.0.0.1:" + server.port() + "/v1/status/00");
      assertThatThrownBy(() ->
              outdated.send(
                  HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding()))
          .isInstanceOf(SSLHandshakeException.class);
    }
  }

  @Test
  void aPortInUseIsSaidSo() {
    assertThatThrownBy(() ->
            HttpsServer.start(
                server.port(), folder.resolve("tls.pem"), folder.resolve("tls.key"), ECHO))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot listen on 127.0.0.1:" + server.port());
  }
}
