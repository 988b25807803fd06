package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** One HTTPS server for one authority after the other, and a client that trusts it alone. */
@SuppressWarnings("NullAway.Init")
final class ServedApi implements AutoCloseable {
  private final HttpsServer server;
  private final HttpClient client;
  private volatile Endpoint behind;

  ServedApi(Path folder) throws IOException, GeneralSecurityException {
    TlsFiles.create(folder, Instant.now());
    Path certificate = folder.resolve("tls.pem");
    Endpoint current =
        new Endpoint() {
          @Override
          public Reply post(String name, Bytes body) {
            return behind.post(name, body);
          }

          @Override
          public Reply get(String path) {
            return behind.get(path);
          }
        };
    server = HttpsServer.start(0, certificate, folder.resolve("tls.key"), current);
    client = HttpClient.newBuilder().sslContext(trusting(certificate)).build();
  }

  /** A context of its own at each call: no connection resumes the session of another. */
  static SSLContext trusting(Path certificate) throws IOException, GeneralSecurityException {
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, new char[0]);
    try (InputStream pem = Files.newInputStream(certificate)) {
      anchors.setCertificateEntry(
          "authority", CertificateFactory.getInstance("X.509").generateCertificate(pem));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(anchors);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  void serve(Endpoint endpoint) {
    behind = endpoint;
  }

  HttpResponse<byte[]> post(String name, Bytes body) throws IOException, InterruptedException {
    return send(to(name).POST(HttpRequest.BodyPublishers.ofByteArray(body.toArray())));
  }

  HttpResponse<byte[]> get(String path) throws IOException, InterruptedException {
    return send(to(path));
  }

  private HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + server.port() + "/v1/" + path));
  }

  private HttpResponse<byte[]> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  @Override
  public void close() {
    client.close();
    server.close();
  }
}
