package dev.reseal.authority;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import io.helidon.common.socket.SocketOptions;
import io.helidon.common.tls.Tls;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.Http1Config;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
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
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/**
 * TLS 1.3 around an {@link Endpoint}: bytes in, bytes out, every size and wait bounded (protocol
 * 19).
 */
public final class HttpsServer implements AutoCloseable {
  /** A grant-request is the largest message. */
  static final int BODY_MAX = 128 << 10;

  private static final int HEADERS_MAX = 8 << 10;
  static final int CONNECTIONS_MAX = 256;

  /** Connections that were closed and whose threads have not noticed yet. */
  private static final int CLOSING_MAX = 64;

  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final int port;
  private final WebServer server;
  private final Connections connections;
  private final CompletableFuture<Endpoint> endpoint;

  private HttpsServer(
      int port, WebServer server, Connections connections, CompletableFuture<Endpoint> endpoint) {
    this.port = port;
    this.server = server;
    this.connections = connections;
    this.endpoint = endpoint;
  }

  /**
   * Listens on 127.0.0.1; port 0 takes a free one. {@link IOException} if files or port are not to
   * be had.
   */
  public static HttpsServer start(int port, Path certificate, Path key, Endpoint endpoint)
      throws IOException {
    return start(port, certificate, key, endpoint, PATIENCE);
  }

  /** {@code patience}: from a connection or an answer to the end of the next request. */
  static HttpsServer start(
      int port, Path certificate, Path key, Endpoint endpoint, Duration patience)
      throws IOException {
    HttpsServer made = make(port, certificate, key, patience);
    made.serve(endpoint);
    return made;
  }

  /** One that does not listen yet; {@link IOException} if the files are not to be had. */
  static HttpsServer make(int port, Path certificate, Path key) throws IOException {
    return make(port, certificate, key, PATIENCE);
  }

  private static HttpsServer make(int port, Path certificate, Path key, Duration patience)
      throws IOException {
    CompletableFuture<Endpoint> endpoint = new CompletableFuture<>();
    Tls tls =
        Tls.builder()
            .sslContext(context(certificate, key))
            .enabledProtocols(List.of("TLSv1.3"))
            .build();
    Http1Config http =
        Http1Config.builder().maxHeadersSize(HEADERS_MAX).maxPrologueLength(1024).build();
    Connections connections =
        new Connections(SocketOptions.builder().build(), CONNECTIONS_MAX, patience);
    Handling handling = new Handling(endpoint, connections);
    WebServer server =
        WebServer.builder()
            .host("127.0.0.1")
            .port(port)
            .tls(tls)
            .addProtocol(http)
            .maxPayloadSize(BODY_MAX)
            .maxTcpConnections(CONNECTIONS_MAX + CLOSING_MAX)
            .connectionOptions(connections)
            .shutdownGracePeriod(Duration.ofSeconds(2))
            .shutdownHook(false)
            .routing(
                routes -> routes.post("/v1/{name}", handling::post).get("/v1/*", handling::get))
            .build();
    return new HttpsServer(port, server, connections, endpoint);
  }

  /** Listens from now on; {@link BindException} if the port is not to be had. */
  void serve(Endpoint behind) throws IOException {
    free(port);
    endpoint.complete(behind);
    server.start();
    if (!server.isRunning()) {
      throw new BindException("cannot listen on 127.0.0.1:" + port);
    }
    connections.watch();
  }

  /** Asked before: the server below logs a stack trace, and forgets what the system said. */
  private static void free(int port) throws IOException {
    try (ServerSocket asked = new ServerSocket()) {
      asked.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    } catch (BindException taken) {
      throw (BindException)
          new BindException("cannot listen on 127.0.0.1:" + port + ": " + taken.getMessage())
              .initCause(taken);
    }
  }

  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    connections.close();
    server.stop();
  }

  /** One request after the other of each connection. */
  private record Handling(CompletableFuture<Endpoint> endpoint, Connections connections) {
    void post(ServerRequest request, ServerResponse response) throws IOException {
      byte[] body;
      try (InputStream in = request.content().inputStream()) {
        body = in.readNBytes(BODY_MAX + 1);
      }
      if (body.length > BODY_MAX) {
        response.status(Status.REQUEST_ENTITY_TOO_LARGE_413).send();
        return;
      }
      String name = request.path().pathParameters().get("name");
      answer(request, response, () -> endpoint.join().post(name, Bytes.wrap(body)));
    }

    void get(ServerRequest request, ServerResponse response) {
      String path = request.path().path().substring("/v1/".length());
      answer(request, response, () -> endpoint.join().get(path));
    }

    private void answer(ServerRequest request, ServerResponse response, Supplier<Reply> reply) {
      SocketAddress from = request.remotePeer().address();
      connections.asking(from);
      Reply answer;
      try {
        answer = reply.get();
      } finally {
        connections.answered(from); // whoever does not read his answer is as slow as any other
      }
      send(response, answer);
      connections.answered(from);
    }
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
      // It is never written: PKCS12 would spend a tenth of the start on deriving keys from the
      // password.
      KeyStore memory = KeyStore.getInstance("JKS");
      memory.load(null, new char[0]);
      memory.setKeyEntry("tls", secret, new char[0], new Certificate[] {carrier});
      KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(memory, new char[0]);
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      // Nobody shows this server a certificate; to read those of the JDK would take a while.
      context.init(keys.getKeyManagers(), new TrustManager[0], null);
      return context;
    } catch (GeneralSecurityException malformed) {
      throw new IOException(
          "no TLS key and certificate in " + key + " and " + certificate, malformed);
    }
  }
}
