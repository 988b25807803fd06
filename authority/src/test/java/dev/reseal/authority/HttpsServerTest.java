package dev.reseal.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.WireError;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, new char[0]);
    anchors.setCertificateEntry(
        "authority",
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new ByteArrayInputStream(Files.readAllBytes(folder.resolve("tls.pem")))));
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(anchors);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
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
    assertThat(post("echo", new byte[HttpsServer.BODY_MAX + 1]).statusCode()).isEqualTo(413);
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
