package dev.reseal.authority;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Peers that are slow, mute or deaf, and whoever comes after them. */
@Timeout(120)
@SuppressWarnings("NullAway.Init")
class ConnectionsTest extends OnItsOwnServer {
  private SSLSocketFactory factory;

  @BeforeEach
  void trust() throws Exception {
    factory = pinned().getSocketFactory();
  }

  @Test
  void slowClientsDoNotKeepOthersWaiting() throws Exception {
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

  /**
   * Before, during and after the handshake, in the header, in the body, in the answer and after it.
   */
  @Test
  void whoTakesTooLongIsHungUpOn() throws Exception {
    Path certificate = folder.resolve("tls.pem");
    Duration patience = Duration.ofSeconds(3);
    try (HttpsServer impatient =
            HttpsServer.start(0, certificate, folder.resolve("tls.key"), ECHO, patience);
        Socket deaf = deaf(impatient.port());
        Socket mute = new Socket(InetAddress.getLoopbackAddress(), impatient.port());
        Socket greeting = new Socket(InetAddress.getLoopbackAddress(), impatient.port());
        Socket met = factory.createSocket("127.0.0.1", impatient.port());
        Socket asking = factory.createSocket("127.0.0.1", impatient.port());
        Socket telling = factory.createSocket("127.0.0.1", impatient.port());
        Socket done = factory.createSocket("127.0.0.1", impatient.port())) {
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
      assertThat(left(deaf)).as("bytes after the hanging up").isLessThan(LARGE.size());
    }
  }

  /** One that asks for much and reads no more than that it comes. */
  private Socket deaf(int port) throws Exception {
    Socket small = new Socket();
    small.setReceiveBufferSize(4 << 10);
    small.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 20_000);
    small.setSoTimeout(20_000);
    Socket peer = factory.createSocket(small, "127.0.0.1", port, true);
    peer.getOutputStream()
        .write("GET /v1/large HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    assertThat(peer.getInputStream().read()).as("the answer begins").isEqualTo('H');
    return peer;
  }

  private static int left(Socket socket) throws IOException {
    ByteArrayOutputStream arrived = new ByteArrayOutputStream();
    try {
      socket.getInputStream().transferTo(arrived);
    } catch (SocketTimeoutException stillOpen) {
      throw stillOpen;
    } catch (IOException reset) {
      return arrived.size();
    }
    return arrived.size();
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
}
