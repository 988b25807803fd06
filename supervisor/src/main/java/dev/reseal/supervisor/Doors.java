package dev.reseal.supervisor;

import dev.reseal.lifecycle.Event;
import dev.reseal.platform.Platform;
import dev.reseal.platform.PlatformException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * What a supervisor opens before it knows more than where it lives: the lock of its directory, the
 * public port and the port for instances. Clients and an instance that went on without it meet it
 * again here, while it still asks what has become of its lineage. Clients are let through to where
 * the last one let them through; whom they meet there they see for themselves.
 */
public final class Doors implements AutoCloseable {
  private static final int EVENTS_MAX = 65_536;

  private final Home home;
  private final Authority authority;
  private final Relay relay;
  private final Roster roster;
  private final Containers containers;
  private final InstanceServer server;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>(EVENTS_MAX);

  private Doors(
      Home home,
      InetSocketAddress publicAddress,
      long holdMs,
      Authority authority,
      Platform platform)
      throws IOException, StartException {
    this.home = home;
    this.authority = authority;
    Home.Ports ports = home.ports();
    this.relay = relay(publicAddress, ports.open(), holdMs);
    relay.release(ports.serving());
    this.roster = new Roster(home.instances());
    this.containers = new Containers(home.containers());
    acquaint(platform);
    this.server = server(ports.api());
    home.remember(new Home.Ports(server.port(), relay.port(), ports.serving()));
  }

  /**
   * Refuses with {@link StartException} before anything is touched.
   *
   * @param directory of the lineage (transport T8), mode 0700
   * @param publicAddress where clients connect; port 0: the same port as last time, or any
   * @param holdMs how long a connection is parked at most
   */
  public static Doors open(
      Path directory,
      InetSocketAddress publicAddress,
      long holdMs,
      Authority authority,
      Platform platform)
      throws IOException, StartException {
    Home home = Home.open(directory);
    try {
      return new Doors(home, publicAddress, holdMs, authority, platform);
    } catch (IOException | StartException | RuntimeException refused) {
      home.close();
      throw refused;
    }
  }

  /** Loads what opening them needs; opens nothing. */
  public static void ready() {
    InstanceServer.ready();
  }

  private static Relay relay(InetSocketAddress asked, int rememberedPort, long holdMs)
      throws IOException, StartException {
    int port = asked.getPort() == 0 ? rememberedPort : asked.getPort();
    try {
      return Relay.open(new InetSocketAddress(asked.getAddress(), port), holdMs);
    } catch (BindException taken) {
      throw new StartException(
          "PORT_IN_USE",
          "public port " + port + ": " + taken.getMessage(),
          "choose another with --public-port, or end what listens there");
    }
  }

  /** So that an instance which went on is known when it calls. */
  private void acquaint(Platform platform) {
    try {
      roster.refresh(platform);
    } catch (PlatformException gone) {
      Log.debug("the survey will ask again: " + gone.getMessage());
    }
  }

  private InstanceServer server(int port) throws IOException, StartException {
    try {
      Postbox postbox = new Postbox(containers, authority, events::add);
      return new InstanceServer(port, roster, containers, postbox, events::add);
    } catch (RuntimeException refused) {
      relay.close();
      throw new StartException(
          "PORT_IN_USE",
          "the port for instances, " + port + ": " + refused.getMessage(),
          "end what listens there; running instances know this port");
    }
  }

  Home home() {
    return home;
  }

  Authority authority() {
    return authority;
  }

  Roster roster() {
    return roster;
  }

  Containers containers() {
    return containers;
  }

  /** What instances and the host have to say, in the order in which it happened. */
  BlockingQueue<Event> events() {
    return events;
  }

  int apiPort() {
    return server.port();
  }

  int publicPort() {
    return relay.port();
  }

  int parked() {
    return relay.parked();
  }

  void park() {
    remember(0);
    relay.park();
  }

  void release(int port) {
    relay.release(port);
    remember(port);
  }

  /** No client is let through any more, and none is left. */
  void shut() throws IOException {
    relay.close();
  }

  /** Not to remember it costs a supervisor that comes back a moment, no more. */
  private void remember(int serving) {
    try {
      home.remember(new Home.Ports(server.port(), relay.port(), serving));
    } catch (IOException full) {
      Log.warn("where clients are let through is not remembered: " + full.getMessage());
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    relay.close();
    home.close();
  }
}
