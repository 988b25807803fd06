package dev.reseal.supervisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class RelayTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  /** An instance that sends back what it gets, behind its own name. */
  private record Echo(ServerSocket server, String name) implements AutoCloseable {
    static Echo start(String name) throws IOException {
      Echo echo = new Echo(new ServerSocket(0, 1_200, HERE), name);
      Thread.ofVirtual().start(echo::run);
      return echo;
    }

    private void run() {
      while (!server.isClosed()) {
        try {
          Socket socket = server.accept();
          Thread.ofVirtual().start(() -> echo(socket));
        } catch (IOException closed) {
          return;
        }
      }
    }

    private void echo(Socket socket) {
      try (socket) {
        socket.getOutputStream().write(name.getBytes(StandardCharsets.US_ASCII));
        socket.getInputStream().transferTo(socket.getOutputStream());
        socket.shutdownOutput();
      } catch (IOException broken) {
        assertThat(broken).isNotNull();
      }
    }

    int port() {
      return server.getLocalPort();
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }

  private static Relay relay(long holdMs) throws IOException {
    return Relay.open(new InetSocketAddress(HERE, 0), holdMs);
  }

  private static Socket connect(Relay relay) throws IOException {
    return new Socket(HERE, relay.port());
  }

  private static String say(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    socket.shutdownOutput();
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
  }

  private static void awaitParked(Relay relay, int count) throws InterruptedException {
    while (relay.parked() != count) {
      Thread.sleep(5);
    }
  }

  private static void awaitOpen(Relay relay, int count) throws InterruptedException {
    while (relay.open() != count) {
      Thread.sleep(5);
    }
  }

  @Test
  void bytesPassUnchangedInBothDirections() throws IOException {
    try (Relay relay = relay(1_000);
        Echo echo = Echo.start("")) {
      relay.release(echo.port());
      byte[] sent = new byte[3_000_000];
      new SplittableRandom(1).nextBytes(sent);
      try (Socket socket = connect(relay)) {
        Thread writer =
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    socket.getOutputStream().write(sent);
                    socket.shutdownOutput();
                  } catch (IOException broken) {
                    throw new java.io.UncheckedIOException(broken);
                  }
                });
        assertThat(socket.getInputStream().readAllBytes()).isEqualTo(sent);
        assertThat(writer.isAlive()).isFalse();
      }
    }
  }

  @Test
  void parkedConnectionsGoToWhoeverServesNext() throws Exception {
    try (Relay relay = relay(10_000);
        Echo old = Echo.start("old:");
        Echo next = Echo.start("new:")) {
      relay.release(old.port());
      try (Socket before = connect(relay)) {
        assertThat(say(before, "a")).isEqualTo("old:a");
      }
      relay.park();
      try (Socket during = connect(relay)) {
        awaitParked(relay, 1);
        relay.release(next.port());
        assertThat(say(during, "b")).isEqualTo("new:b");
      }
    }
  }

  @Test
  void whatIsInFlightIsCutOffWhenItCloses() throws Exception {
    Relay relay = relay(10_000);
    try (Echo old = Echo.start("old:")) {
      relay.release(old.port());
      try (Socket socket = connect(relay)) {
        assertThat(socket.getInputStream().readNBytes(4)).hasSize(4);
        relay.close();
        assertThat(socket.getInputStream().read()).isEqualTo(-1);
        awaitOpen(relay, 0);
      }
      assertThatThrownBy(() -> connect(relay).close()).isInstanceOf(IOException.class);
    }
  }

  @Test
  void aConnectionInFlightStaysWithItsInstance() throws IOException {
    try (Relay relay = relay(10_000);
        Echo old = Echo.start("old:")) {
      relay.release(old.port());
      try (Socket socket = connect(relay)) {
        assertThat(socket.getInputStream().readNBytes(4)).hasSize(4);
        relay.park();
        assertThat(say(socket, "still")).isEqualTo("still");
      }
    }
  }

  @Test
  void aParkedConnectionIsClosedWhenTheHoldEnds() throws IOException {
    try (Relay relay = relay(100);
        Socket socket = connect(relay)) {
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void atMostTheLimitIsParkedTheRestIsClosedAtOnce() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try (Relay relay = relay(20_000)) {
      for (int i = 0; i < Relay.PARKED_MAX; i++) {
        sockets.add(connect(relay));
      }
      awaitParked(relay, Relay.PARKED_MAX);
      try (Socket tooMany = connect(relay)) {
        assertThat(tooMany.getInputStream().read()).isEqualTo(-1);
      }
      assertThat(relay.parked()).isEqualTo(Relay.PARKED_MAX);
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  @Test
  void atMostTheLimitIsOpenTheRestIsClosedAtOnce() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try (Relay relay = relay(20_000);
        ServerSocket instance = new ServerSocket(0, Relay.OPEN_MAX, HERE)) {
      relay.release(instance.getLocalPort());
      for (int i = 0; i < Relay.OPEN_MAX; i++) {
        sockets.add(connect(relay));
      }
      awaitOpen(relay, Relay.OPEN_MAX);
      try (Socket tooMany = connect(relay)) {
        tooMany.setSoTimeout(10_000);
        assertThat(tooMany.getInputStream().read()).isEqualTo(-1);
      }
      awaitOpen(relay, Relay.OPEN_MAX);
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  @Test
  void aClientThatNeverEndsIsClosedSomeTimeAfterItsInstanceHasEnded() throws Exception {
    try (Relay relay = relay(100);
        ServerSocket instance = new ServerSocket(0, 1, HERE)) {
      relay.release(instance.getLocalPort());
      try (Socket client = connect(relay)) {
        instance.accept().close();
        assertThat(client.getInputStream().read()).isEqualTo(-1);
        awaitOpen(relay, 0);
      }
    }
  }

  /** Of the two directions only the client's has ended. */
  @Test
  void anAnswerMayTakeLongerThanTheHold() throws Exception {
    try (Relay relay = relay(20);
        ServerSocket instance = new ServerSocket(0, 1, HERE)) {
      relay.release(instance.getLocalPort());
      try (Socket client = connect(relay);
          Socket asked = instance.accept()) {
        client.shutdownOutput();
        assertThat(asked.getInputStream().read()).isEqualTo(-1);
        Thread.sleep(100);
        asked.getOutputStream().write(7);
        assertThat(client.getInputStream().read()).isEqualTo(7);
      }
    }
  }

  @Test
  void aPortInUseIsSaidToBeSo() throws IOException {
    try (Relay relay = relay(1_000)) {
      InetSocketAddress taken = new InetSocketAddress(HERE, relay.port());
      assertThatThrownBy(() -> Relay.open(taken, 1_000)).isInstanceOf(BindException.class);
    }
  }
}
