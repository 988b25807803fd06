package dev.reseal.authority;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import io.helidon.common.tls.Tls;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.Http1Config;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * TLS 1.3 around an {@link Endpoint}: bytes in, bytes out, every size and wait bounded (protocol
 * 19).
 */
public final class HttpsServer implements AutoCloseable {
  /** A grant-request is the largest message. */
  static final int BODY_MAX = 128 << 10;

  private static final int HEADERS_MAX = 8 << 10;
  private static final int CONNECTIONS_MAX = 256;
  private static final Duration SILENCE = Duration.ofSeconds(15);

  private final WebServer server;

  private HttpsServer(WebServer server) {
    this.server = server;
  }

  /**
   * Listens on 127.0.0.1; port 0 takes a free one. {@link IOException} if files or port are not to
   * be had.
   */
  public static HttpsServer start(int port, Path certificate, Path key, Endpoint endpoint)
      throws IOException {
    Tls tls =
        Tls.builder()
            .sslContext(context(certificate, key))
            .enabledProtocols(List.of("TLSv1.3"))
            .build();
    Http1Config http =
        Http1Config.builder().maxHeadersSize(HEADERS_MAX).maxPrologueLength(1024).build();
    WebServer server =
        WebServer.builder()
            .host("127.0.0.1")
            .port(port)
            .tls(tls)
            .addProtocol(http)
            .maxPayloadSize(BODY_MAX)
            .maxTcpConnections(CONNECTIONS_MAX)
            .idleConnectionTimeout(SILENCE)
            .connectionOptions(options -> options.readTimeout(SILENCE))
            .shutdownGracePeriod(Duration.ofSeconds(2))
            .shutdownHook(false)
            .routing(routes ->
                routes
                    .post("/v1/{name}", (request, response) -> post(endpoint, request, response))
                    .get("/v1/*", (request, response) -> get(endpoint, request, response)))
            .build();
    server.start();
    if (!server.isRunning()) {
      throw new IOException("cannot listen on 127.0.0.1:" + port + ": is the port in use?");
    }
    return new HttpsServer(server);
  }

  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.stop();
  }

  private static void post(Endpoint endpoint, ServerRequest request, ServerResponse response)
      throws IOException {
    byte[] body;
    try (InputStream in = request.content().inputStream()) {
      body = in.readNBytes(BODY_MAX + 1);
    }
    if (body.length > BODY_MAX) {
      response.status(Status.REQUEST_ENTITY_TOO_LARGE_413).send();
      return;
    }
    String name = request.path().pathParameters().get("name");
    send(response, endpoint.post(name, Bytes.wrap(body)));
  }

  private static void get(Endpoint endpoint, ServerRequest request, ServerResponse response) {
    send(response, endpoint.get(request.path().path().substring("/v1/".length())));
  }

  private static void send(ServerResponse response, Reply reply) {
    switch (reply) {
      case Reply.Answer(Bytes body) -> response.send(body.toArray());
      case Reply.Nothing _ -> response.status(Status.NO_CONTENT_204).send();
      case Reply.Refused(var error) ->
          response.status(Status.create(error.httpStatus())).send(error.encode().toArray());
      case Reply.Unknown _ -> response.status(Status.NOT_FOUND_404).send();
    }
  }

  private static SSLContext context(Path certificate, Path key) throws IOException {
    try {
      Certificate carrier =
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(certificate)));
      PrivateKey secret =
          KeyFactory.getInstance("EC")
              .generatePrivate(new PKCS8EncodedKeySpec(TlsFiles.unpem(Files.readString(key))));
      KeyStore memory = KeyStore.getInstance("PKCS12");
      memory.load(null, new char[0]);
      memory.setKeyEntry("tls", secret, new char[0], new Certificate[] {carrier});
      KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(memory, new char[0]);
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(keys.getKeyManagers(), null, null);
      return context;
    } catch (GeneralSecurityException malformed) {
      throw new IOException(
          "no TLS key and certificate in " + key + " and " + certificate, malformed);
    }
  }
}
