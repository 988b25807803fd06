package dev.reseal.authority;

import io.helidon.common.socket.SocketOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Who is connected, and for how long already. A connection that takes too long over a request, from
 * its first byte or from the last answer on, or over an answer, is closed; the server's own
 * channels know no time-out, neither of reading nor of writing. Where there is no room for one
 * more, the one that has gone longest without a whole request is closed, one that never sent any
 * before one that did. Without this, somebody who opens all connections and feeds each a byte now
 * and then, or reads no answer, keeps everybody else out.
 *
 * <p>The server hands every accepted connection to its socket options, before the TLS handshake.
 */
final class Connections implements SocketOptions, AutoCloseable {
  private final SocketOptions options;
  private final int most;
  private final Duration patience;
  private final Thread watcher;

  /** In the order of acceptance or of the last answer. */
  private final Map<SocketAddress, Peer> peers = new LinkedHashMap<>();

  private record Peer(SocketChannel channel, State state, long sinceNanos) {
    static Peer of(SocketChannel channel, State state) {
      return new Peer(channel, state, System.nanoTime());
    }

    boolean waitsFor(Duration patience) {
      return state != State.ASKING && System.nanoTime() - sinceNanos > patience.toNanos();
    }
  }

  private enum State {
    NEW,
    /** What the answer to a whole request of his is, is being found out. */
    ASKING,
    /** There is one, and it may still be on its way to him. */
    ANSWERED
  }

  Connections(SocketOptions options, int most, Duration patience) {
    this.options = options;
    this.most = most;
    this.patience = patience;
    this.watcher = Thread.ofVirtual().name("connections").unstarted(this::closeTheSlow);
  }

  void watch() {
    watcher.start();
  }

  @Override
  public void close() {
    watcher.interrupt();
  }

  private void closeTheSlow() {
    try {
      while (true) {
        Thread.sleep(patience.dividedBy(4));
        closeThoseThatWaited();
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void closeThoseThatWaited() {
    for (Iterator<Peer> all = peers.values().iterator(); all.hasNext(); ) {
      Peer peer = all.next();
      if (peer.waitsFor(patience) || !peer.channel().isOpen()) {
        all.remove();
        close(peer);
      }
    }
  }

  private static void close(Peer peer) {
    try {
      peer.channel().close();
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot close a connection", failed);
    }
  }

  /** A whole request has been read. */
  synchronized void asking(SocketAddress from) {
    peers.computeIfPresent(from, (_, peer) -> Peer.of(peer.channel(), State.ASKING));
  }

  /** The answer is there; once more when all of it has been sent. */
  synchronized void answered(SocketAddress from) {
    Peer peer = peers.remove(from);
    if (peer != null) {
      peers.put(from, Peer.of(peer.channel(), State.ANSWERED));
    }
  }

  @Override
  public void configureSocket(SocketChannel channel) {
    options.configureSocket(channel);
    try {
      accepted(channel.getRemoteAddress(), channel);
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }

  private synchronized void accepted(SocketAddress from, SocketChannel channel) {
    peers.values().removeIf(peer -> !peer.channel().isOpen());
    if (peers.size() >= most) {
      longest(State.NEW)
          .or(() -> longest(State.ANSWERED))
          .map(peers::remove)
          .ifPresent(Connections::close);
    }
    peers.put(from, Peer.of(channel, State.NEW));
  }

  private Optional<SocketAddress> longest(State state) {
    return peers.entrySet().stream()
        .filter(each -> each.getValue().state() == state)
        .map(Map.Entry::getKey)
        .findFirst();
  }

  @Override
  public void configureSocket(Socket socket) {
    options.configureSocket(socket);
  }

  @Override
  public Map<SocketOption<?>, Object> socketOptions() {
    return options.socketOptions();
  }

  @Override
  public Duration connectTimeout() {
    return options.connectTimeout();
  }

  @Override
  public Duration readTimeout() {
    return options.readTimeout();
  }

  @Override
  public Optional<Integer> socketReceiveBufferSize() {
    return options.socketReceiveBufferSize();
  }

  @Override
  public Optional<Integer> socketSendBufferSize() {
    return options.socketSendBufferSize();
  }

  @Override
  public boolean socketReuseAddress() {
    return options.socketReuseAddress();
  }

  @Override
  public boolean socketKeepAlive() {
    return options.socketKeepAlive();
  }

  @Override
  public boolean tcpNoDelay() {
    return options.tcpNoDelay();
  }
}
