package dev.reseal.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.WireError;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.SequenceInputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class HttpsServerTest extends OnItsOwnServer {
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
