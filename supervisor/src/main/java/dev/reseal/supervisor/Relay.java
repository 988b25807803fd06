package dev.reseal.supervisor;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The public port, on layer 4 (protocol 9.4): bytes go to the instance that serves, unseen. While
 * there is none, new connections are parked before their first byte, then let through or closed.
 */
final class Relay implements AutoCloseable {
  /** Connections held at once. */
  static final int PARKED_MAX = 1_024;

  /** Connections open at once, parked or not: with their buffers a quarter of the heap. */
  static final int OPEN_MAX = 2_048;

  private static final int BUFFER = 1 << 13;
  private static final int NOBODY = 0;

  private final ServerSocketChannel server;
  private final long holdMs;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition released = lock.newCondition();
  private final Set<SocketChannel> clients = ConcurrentHashMap.newKeySet();
  private final AtomicInteger parked = new AtomicInteger();
  private int target = NOBODY;

  private Relay(ServerSocketChannel server, long holdMs) {
    this.server = server;
    this.holdMs = holdMs;
  }

  /** Throws {@link java.net.BindException} when the port is in use. */
  static Relay open(InetSocketAddress address, long holdMs) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open();
    try {
      server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      server.bind(address, PARKED_MAX);
      Relay relay = new Relay(server, holdMs);
      Thread.ofVirtual().name("relay").start(relay::accept);
      return relay;
    } catch (IOException refused) {
      server.close();
      throw refused;
    }
  }

  int port() {
    return server.socket().getLocalPort();
  }

  int open() {
    return clients.size();
  }

  int parked() {
    return parked.get();
  }

  void park() {
    switchTo(NOBODY);
  }

  void release(int port) {
    switchTo(port);
  }

  /** Nothing that an instance says from now on reaches a client. */
  @Override
  public void close() throws IOException {
    server.close();
    for (SocketChannel client : clients) {
      client.close();
    }
  }

  private void switchTo(int port) {
    lock.lock();
    try {
      target = port;
      released.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        SocketChannel client = server.accept();
        Thread.ofVirtual().start(() -> serve(client));
      } catch (IOException closed) {
        if (server.isOpen()) {
          Log.warn("relay: a connection was not accepted: " + closed.getMessage());
        }
      }
    }
  }

  private void serve(SocketChannel client) {
    clients.add(client);
    try (client) {
      int port = clients.size() > OPEN_MAX || !server.isOpen() ? NOBODY : await();
      if (port != NOBODY) {
        connect(client, port);
      }
    } catch (IOException broken) {
      Log.debug("relay: " + broken.getMessage());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    } finally {
      clients.remove(client);
    }
  }

  private int await() throws InterruptedException {
    if (parked.incrementAndGet() > PARKED_MAX) {
      parked.decrementAndGet();
      return NOBODY;
    }
    lock.lock();
    try {
      long left = TimeUnit.MILLISECONDS.toNanos(holdMs);
      while (target == NOBODY && left > 0) {
        left = released.awaitNanos(left);
      }
      return target;
    } finally {
      lock.unlock();
      parked.decrementAndGet();
    }
  }

  /** A client that does not end when its instance has ended is not waited for any longer. */
  private void connect(SocketChannel client, int port) throws IOException, InterruptedException {
    try (SocketChannel instance =
        SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
      client.setOption(StandardSocketOptions.TCP_NODELAY, true);
      instance.setOption(StandardSocketOptions.TCP_NODELAY, true);
      Thread asking = Thread.ofVirtual().start(() -> pump(client, instance));
      pump(instance, client);
      boolean _ = asking.join(Duration.ofMillis(holdMs));
    }
  }

  /** Copies until the end, then passes the end on; a broken side ends both. */
  private static void pump(SocketChannel from, SocketChannel to) {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    try {
      while (from.read(buffer) >= 0) {
        buffer.flip();
        while (buffer.hasRemaining()) {
          to.write(buffer);
        }
        buffer.clear();
      }
      to.shutdownOutput();
    } catch (IOException broken) {
      closeBoth(from, to);
    }
  }

  private static void closeBoth(SocketChannel from, SocketChannel to) {
    try (from;
        to) {
      Log.debug("relay: a connection broke");
    } catch (IOException alreadyGone) {
      Log.debug("relay: " + alreadyGone.getMessage());
    }
  }
}
