package dev.reseal.collateral;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.Collateral.Part;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A PCCS on this machine that serves one collateral set and misbehaves on demand. */
final class TestService implements AutoCloseable {
  /** What goes wrong. */
  enum Fault {
    NONE,
    NOT_FOUND,
    BUSY,
    REDIRECT,
    ENDLESS,
    HUGE_LENGTH,
    SILENT,
    TRICKLE,
    CUT,
    NO_CHAIN,
    CRL_IN_HEX,
    NOT_MODIFIED_UNASKED
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Collateral collateral;
  private final Fault fault;
  final List<String> asked = Collections.synchronizedList(new ArrayList<>());

  TestService(Collateral collateral, Fault fault) throws IOException {
    this.collateral = collateral;
    this.fault = fault;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  Endpoint endpoint() {
    return Endpoint.pccs(URI.create("http://127.0.0.1:" + server.getAddress().getPort()));
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      asked.add(exchange.getRequestURI().toString());
      switch (fault) {
        case NONE, NO_CHAIN, CRL_IN_HEX -> serve(exchange);
        case NOT_FOUND -> exchange.sendResponseHeaders(404, -1);
        case BUSY -> {
          exchange.getResponseHeaders().add("Retry-After", "7");
          exchange.sendResponseHeaders(429, -1);
        }
        case REDIRECT -> {
          exchange.getResponseHeaders().add("Location", "http://127.0.0.1:1/");
          exchange.sendResponseHeaders(302, -1);
        }
        case NOT_MODIFIED_UNASKED -> exchange.sendResponseHeaders(304, -1);
        case ENDLESS, HUGE_LENGTH, SILENT, TRICKLE, CUT -> stall(exchange);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void stall(HttpExchange exchange) throws IOException, InterruptedException {
    if (fault == Fault.SILENT) {
      Thread.sleep(30_000);
      return;
    }
    long size = fault == Fault.HUGE_LENGTH ? 1L << 40 : fault == Fault.CUT ? 1000 : 0;
    exchange.sendResponseHeaders(200, size);
    OutputStream body = exchange.getResponseBody();
    int chunk = fault == Fault.ENDLESS || fault == Fault.HUGE_LENGTH ? 1 << 16 : 1;
    for (int i = 0; i < (fault == Fault.CUT ? 10 : 10_000); i++) {
      body.write(new byte[chunk]);
      body.flush();
      if (fault == Fault.TRICKLE) {
        Thread.sleep(50);
      }
    }
  }

  private void serve(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    if (path.endsWith("/tcb")) {
      send(exchange, Part.TCB_INFO, Part.TCB_INFO_ISSUER_CHAIN, "TCB-Info-Issuer-Chain");
    } else if (path.endsWith("/qe/identity")) {
      send(
          exchange,
          Part.QE_IDENTITY,
          Part.QE_IDENTITY_ISSUER_CHAIN,
          "SGX-Enclave-Identity-Issuer-Chain");
    } else if (path.endsWith("/pckcrl")) {
      send(exchange, Part.PCK_CRL, Part.PCK_CRL_ISSUER_CHAIN, "SGX-PCK-CRL-Issuer-Chain");
    } else {
      send(exchange, Part.ROOT_CA_CRL, Part.ROOT_CA_CRL, "X-Unused");
    }
  }

  private void send(HttpExchange exchange, Part part, Part chain, String header)
      throws IOException {
    Bytes body = collateral.part(part).orElseThrow();
    String etag = "\"" + body.sha256().toHex() + "\"";
    exchange.getResponseHeaders().add("ETag", etag);
    if (etag.equals(exchange.getRequestHeaders().getFirst("If-None-Match"))) {
      asked.add("304");
      exchange.sendResponseHeaders(304, -1);
      return;
    }
    if (fault != Fault.NO_CHAIN && chain != part) {
      String pem =
          new String(collateral.part(chain).orElseThrow().toArray(), StandardCharsets.US_ASCII);
      exchange
          .getResponseHeaders()
          .add(header, URLEncoder.encode(pem, StandardCharsets.US_ASCII).replace("+", "%20"));
    }
    boolean hex = fault == Fault.CRL_IN_HEX && part == Part.ROOT_CA_CRL;
    byte[] bytes = hex ? body.toHex().getBytes(StandardCharsets.US_ASCII) : body.toArray();
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
