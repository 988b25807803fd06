package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * Calls to one HTTPS server over connections that are kept. Blocking and without threads of its
 * own: between a re-seal and its answer from the authority, each change of thread would count.
 */
final class Https {
  private static final int CONNECT_MS = 10_000;
  private static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long KEEP_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final int LINE_MAX = 8 << 10;
  private static final int HEADERS_MAX = 100;
  private static final int BODY_MAX = 16 << 20;

  private final URI base;
  private final SSLContext context;
  private final BlockingQueue<Connection> idle = new ArrayBlockingQueue<>(4);

  Https(URI base, SSLContext context) {
    this.base = base;
    this.context = context;
  }

  record Response(int status, Bytes body) {}

  Response get(String path) throws IOException {
    return exchange(
        ("GET " + path + " HTTP/1.1\r\nHost: " + base.getAuthority() + "\r\n\r\n"), new byte[0]);
  }

  Response post(String path, Bytes body) throws IOException {
    String head =
        "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/cbor\r\nContent-Length: %d\r\n\r\n"
            .formatted(path, base.getAuthority(), body.size());
    return exchange(head, body.toArray());
  }

  /** A kept connection may have ended meanwhile; repeating is harmless (protocol 6.3). */
  private Response exchange(String head, byte[] body) throws IOException {
    byte[] start = head.getBytes(StandardCharsets.US_ASCII);
    byte[] request = new byte[start.length + body.length];
    System.arraycopy(start, 0, request, 0, start.length);
    System.arraycopy(body, 0, request, start.length, body.length);
    Optional<Connection> kept = kept();
    if (kept.isPresent()) {
      try {
        return exchange(kept.get(), request);
      } catch (IOException ended) {
        Log.debug("a kept connection to " + base + " had ended: " + ended.getMessage());
      }
    }
    return exchange(new Connection(), request);
  }

  private Response exchange(Connection connection, byte[] request) throws IOException {
    boolean whole = false;
    try {
      Response response = connection.exchange(request);
      whole = connection.usable && idle.offer(connection);
      return response;
    } finally {
      if (!whole) {
        connection.close();
      }
    }
  }

  private Optional<Connection> kept() throws IOException {
    for (Connection next = idle.poll(); next != null; next = idle.poll()) {
      if (System.nanoTime() - next.usedNanos < KEEP_NANOS) {
        return Optional.of(next);
      }
      next.close();
    }
    return Optional.empty();
  }

  /** One connection, used by one call at a time. */
  private final class Connection {
    private final SSLSocket socket;
    private final InputStream in;
    private long deadlineNanos = System.nanoTime() + ANSWER_NANOS;
    private long usedNanos;
    private boolean usable = true;

    private Connection() throws IOException {
      Socket plain = new Socket();
      try {
        int port = base.getPort() < 0 ? 443 : base.getPort();
        plain.connect(new InetSocketAddress(base.getHost(), port), CONNECT_MS);
        plain.setTcpNoDelay(true);
        plain.setSoTimeout(CONNECT_MS);
        socket =
            (SSLSocket) context.getSocketFactory().createSocket(plain, base.getHost(), port, true);
        SSLParameters wanted = socket.getSSLParameters();
        wanted.setProtocols(new String[] {"TLSv1.3"});
        // Its key is on this curve too; shares of others would only cost a start their tables.
        wanted.setNamedGroups(new String[] {"secp256r1"});
        socket.setSSLParameters(wanted);
        socket.startHandshake();
        in = new BufferedInputStream(new Timed(socket.getInputStream()), 1 << 14);
      } catch (IOException | RuntimeException refused) {
        plain.close();
        throw refused;
      }
    }

    private Response exchange(byte[] request) throws IOException {
      deadlineNanos = System.nanoTime() + ANSWER_NANOS;
      socket.getOutputStream().write(request);
      int status = status(line());
      int length = 0;
      String header = line();
      for (int count = 0; !header.isEmpty(); count++) {
        if (count == HEADERS_MAX) {
          throw new IOException("more than " + HEADERS_MAX + " headers");
        }
        String[] parts = header.toLowerCase(Locale.ROOT).split(":", 2);
        if (parts.length < 2) {
          throw new IOException("a header without a colon");
        }
        switch (parts[0]) {
          case "content-length" -> length = length(parts[1].strip());
          case "connection" -> usable &= !parts[1].strip().equals("close");
          case "transfer-encoding" -> throw new IOException("an answer of unknown length");
          default -> {}
        }
        header = line();
      }
      byte[] body = in.readNBytes(length);
      if (body.length < length) {
        throw new EOFException("the connection ended inside an answer");
      }
      usedNanos = System.nanoTime();
      return new Response(status, Bytes.wrap(body));
    }

    private void close() throws IOException {
      socket.close();
    }

    private String line() throws IOException {
      StringBuilder line = new StringBuilder();
      for (int next = in.read(); next != '\n'; next = in.read()) {
        if (next < 0) {
          throw new EOFException("the connection ended before an answer");
        }
        if (line.length() == LINE_MAX) {
          throw new IOException("a line of more than " + LINE_MAX + " bytes");
        }
        line.append((char) next);
      }
      int end = line.length() - 1;
      return end >= 0 && line.charAt(end) == '\r' ? line.substring(0, end) : line.toString();
    }

    /** Reads for as long as the whole answer may take, however slowly its bytes come. */
    private final class Timed extends InputStream {
      private final InputStream inner;

      private Timed(InputStream inner) {
        this.inner = inner;
      }

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] into, int offset, int size) throws IOException {
        long left = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
        socket.setSoTimeout((int) Math.max(1, left));
        return inner.read(into, offset, size);
      }
    }
  }

  private static int status(String line) throws IOException {
    if (!line.matches("HTTP/1\\.1 [1-5][0-9]{2}( .*)?")) {
      throw new IOException("an answer that is not HTTP/1.1");
    }
    return Integer.parseInt(line.substring(9, 12));
  }

  private static int length(String text) throws IOException {
    if (!text.matches("[0-9]{1,9}") || Integer.parseInt(text) > BODY_MAX) {
      throw new IOException("an answer of " + text + " bytes");
    }
    return Integer.parseInt(text);
  }
}
