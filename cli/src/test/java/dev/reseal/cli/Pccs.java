package dev.reseal.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.reseal.quote.Collateral.Part;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A caching service on this machine that serves the collateral of a folder, as it lies there now.
 */
final class Pccs implements AutoCloseable {
  private static final char[] NO_SECRET = "none".toCharArray();

  private final HttpServer server;
  private final Path standard;
  private final Path early;

  private Pccs(HttpServer server, Path platform) {
    this.server = server;
    this.standard = platform.resolve("collateral");
    this.early = platform.resolve("collateral-early");
    server.createContext("/", this::answer);
    server.start();
  }

  static Pccs inTheClear(Path platform) throws IOException {
    return new Pccs(HttpServer.create(anywhere(), 0), platform);
  }

  /** With {@code tls.pem} and {@code tls.key} of a folder. */
  static Pccs overTls(Path platform, Path tls) throws IOException, GeneralSecurityException {
    HttpsServer server = HttpsServer.create(anywhere(), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context(tls)));
    return new Pccs(server, platform);
  }

  private static InetSocketAddress anywhere() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static SSLContext context(Path tls) throws IOException, GeneralSecurityException {
    Certificate certificate =
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new ByteArrayInputStream(Files.readAllBytes(tls.resolve("tls.pem"))));
    String key = Files.readString(tls.resolve("tls.key")).replaceAll("-----[A-Z ]+-----|\\s", "");
    KeyStore keys = KeyStore.getInstance(KeyStore.getDefaultType());
    keys.load(null, null);
    keys.setKeyEntry(
        "server",
        KeyFactory.getInstance("EC")
            .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(key))),
        NO_SECRET,
        new Certificate[] {certificate});
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, NO_SECRET);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }

  String uri() {
    String scheme = server instanceof HttpsServer ? "https" : "http";
    return scheme + "://127.0.0.1:" + server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String asked = exchange.getRequestURI().toString();
      Path folder = asked.contains("update=early") ? early : standard;
      if (asked.contains("/tcb?")) {
        chain(exchange, folder, Part.TCB_INFO_ISSUER_CHAIN, "TCB-Info-Issuer-Chain");
        send(exchange, folder, Part.TCB_INFO);
      } else if (asked.contains("/qe/identity")) {
        chain(exchange, folder, Part.QE_IDENTITY_ISSUER_CHAIN, "SGX-Enclave-Identity-Issuer-Chain");
        send(exchange, folder, Part.QE_IDENTITY);
      } else if (asked.contains("/pckcrl")) {
        chain(exchange, folder, Part.PCK_CRL_ISSUER_CHAIN, "SGX-PCK-CRL-Issuer-Chain");
        send(exchange, folder, Part.PCK_CRL);
      } else {
        send(exchange, folder, Part.ROOT_CA_CRL);
      }
    }
  }

  private static void chain(HttpExchange exchange, Path folder, Part part, String header)
      throws IOException {
    String pem = Files.readString(folder.resolve(part.fileName()));
    exchange
        .getResponseHeaders()
        .add(header, URLEncoder.encode(pem, StandardCharsets.US_ASCII).replace("+", "%20"));
  }

  private static void send(HttpExchange exchange, Path folder, Part part) throws IOException {
    byte[] body = Files.readAllBytes(folder.resolve(part.fileName()));
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
