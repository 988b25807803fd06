package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.FileJournal;
import dev.reseal.journal.Journal;
import dev.reseal.lifecycle.Effect;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Lifecycle;
import dev.reseal.lifecycle.Outcome;
import dev.reseal.lifecycle.Phase;
import dev.reseal.lifecycle.Situation;
import dev.reseal.lifecycle.Verb;
import dev.reseal.platform.Platform;
import dev.reseal.wire.Cose;
import dev.reseal.wire.PhaseTimes;
import dev.reseal.wire.Status;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A running supervisor: one thread takes events, decides, notes and orders (protocol 9). It is
 * trusted with nothing but availability.
 */
public final class Supervisor implements AutoCloseable {
  private static final int EVENTS_MAX = 65_536;

  private final Settings settings;
  private final Home home;
  private final Journal journal;
  private final Relay relay;
  private final Roster roster;
  private final InstanceServer server;
  private final ControlServer control;
  private final Host host;
  private final Effects effects;
  private final Engine engine;
  private final Stopwatch stopwatch;
  private final Authority authority;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>(EVENTS_MAX);
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final Followers followers = new Followers();
  private volatile Situation situation = new Situation.Unsettled(false);
  private volatile boolean closing;

  private Supervisor(Settings settings, Platform platform, Home home, Seams seams)
      throws IOException, StartException {
    this.settings = settings;
    this.home = home;
    Home.Ports ports = home.ports();
    this.relay = open(ports.open());
    this.journal =
        seams.journal(
            FileJournal.open(home.journal(), settings.lineage(), System::currentTimeMillis));
    this.authority = new Authority(settings.authority(), settings.certificate());
    this.roster = new Roster(home.instances());
    Containers containers = new Containers(home.containers());
    Postbox postbox = new Postbox(containers, authority, events::add);
    this.server = serve(ports.api(), containers, postbox);
    home.remember(new Home.Ports(server.port(), relay.port()));
    this.stopwatch = new Stopwatch(settings.name(), followers);
    this.host =
        new Host(
            settings,
            platform,
            roster,
            containers,
            authority,
            relay,
            journal,
            server::port,
            events::add,
            this::ended);
    this.effects = seams.effects(host);
    this.engine =
        new Engine(new Lifecycle(settings.limits()), journal, this::perform, this::changed);
    this.control =
        new ControlServer(
            home.control(),
            settings.lineage(),
            settings.operators(),
            followers,
            events::add,
            () -> local().encode(),
            this::summary);
  }

  /** Starts and returns; refuses with {@link StartException} before anything is touched. */
  public static Supervisor start(Settings settings, Platform platform)
      throws IOException, StartException {
    return start(settings, platform, Seams.NONE);
  }

  /** The same with somebody in between. */
  public static Supervisor start(Settings settings, Platform platform, Seams seams)
      throws IOException, StartException {
    Home home = Home.open(settings.directory());
    try {
      Supervisor supervisor = new Supervisor(settings, platform, home, seams);
      Thread.ofPlatform().name("supervisor").start(supervisor::loop);
      Thread.ofVirtual().name("checkpoints").start(supervisor::adviseCheckpoints);
      return supervisor;
    } catch (IOException | StartException | RuntimeException refused) {
      home.close();
      throw refused;
    }
  }

  public int publicPort() {
    return relay.port();
  }

  public Situation situation() {
    return situation;
  }

  /** Completes when the loop ends: normally after {@link #close}, else with what broke it. */
  public CompletableFuture<Void> ended() {
    return ended;
  }

  public LocalStatus local() {
    List<LocalStatus.Instance> instances =
        roster.all().stream()
            .map(l -> new LocalStatus.Instance(l.handle(), l.state().name(), l.pid(), l.port()))
            .toList();
    Situation now = situation;
    return new LocalStatus(
        Words.of(now),
        Situation.phase(now).name(),
        Words.detail(now),
        relay.port(),
        relay.parked(),
        instances);
  }

  @Override
  public void close() throws IOException {
    closing = true;
    events.add(new Event.Fit());
    ended.exceptionally(_ -> null).join();
    host.close();
    server.close();
    control.close();
    relay.close();
    journal.close();
    home.close();
  }

  private Relay open(int rememberedPort) throws IOException, StartException {
    InetSocketAddress asked = settings.publicAddress();
    int port = asked.getPort() == 0 ? rememberedPort : asked.getPort();
    try {
      return Relay.open(new InetSocketAddress(asked.getAddress(), port), settings.holdMs());
    } catch (BindException taken) {
      throw new StartException(
          "PORT_IN_USE",
          "public port " + port + " of " + settings.name() + ": " + taken.getMessage(),
          "choose another with --public-port, or end what listens there");
    }
  }

  private InstanceServer serve(int port, Containers containers, Postbox postbox)
      throws StartException {
    try {
      return new InstanceServer(port, roster, containers, postbox, events::add);
    } catch (RuntimeException refused) {
      throw new StartException(
          "PORT_IN_USE",
          "the port for instances, " + port + ": " + refused.getMessage(),
          "end what listens there; running instances know this port");
    }
  }

  private void loop() {
    try {
      engine.start();
      while (!closing) {
        engine.handle(events.take());
      }
      ended.complete(null);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      ended.complete(null);
    } catch (RuntimeException | Error broken) {
      ended.completeExceptionally(broken);
      throw broken;
    }
  }

  /** Whoever waits hears of the end once the authority has the times, or cannot be told. */
  private void ended(Bytes opId, Outcome outcome) {
    SortedMap<Long, Long> micros = stopwatch.micros();
    if (!(outcome instanceof Outcome.Done) || !micros.containsKey((long) Phase.COMMIT.number())) {
      followers.ended(opId, outcome);
      return;
    }
    PhaseTimes times = new PhaseTimes(settings.lineage(), opId, micros);
    Bytes message = Cose.sign(PhaseTimes.NAME, times.encode(), settings.key());
    Thread.ofVirtual()
        .name("phase-times")
        .start(() -> {
          if (!(authority.post(PhaseTimes.NAME, message) instanceof Authority.Reply.Answer)) {
            Log.warn("the authority did not take the times of operation " + opId);
          }
          followers.ended(opId, outcome);
        });
  }

  private void perform(Effect effect) {
    if (effect instanceof Effect.Park) {
      stopwatch.parked();
    }
    effects.perform(effect);
    if (effect instanceof Effect.Release) {
      stopwatch.released();
    }
  }

  private void changed(Situation from, Situation to, String failed) {
    situation = to;
    stopwatch.changed(from, to, failed);
  }

  private void adviseCheckpoints() {
    while (settings.checkpointMs() > 0 && !closing) {
      try {
        Thread.sleep(settings.checkpointMs());
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        return;
      }
      if (situation instanceof Situation.Idle(String active)) {
        roster.find(active).ifPresent(link -> link.advise(Verb.CHECKPOINT, Bytes.EMPTY));
      }
    }
  }

  private Summary summary(Outcome outcome) {
    return Summary.of(outcome, stopwatch, row());
  }

  private Optional<Summary.Row> row() {
    try {
      Status status = authority.status(settings.lineage());
      Status.Operation row = status.operation();
      Bytes mrenclave = status.active().map(Status.Active::mrenclave).orElse(Bytes.zeros(32));
      return Optional.of(new Summary.Row(row.epoch(), row.fence(), row.gen(), mrenclave));
    } catch (AuthorityException silent) {
      return Optional.empty();
    }
  }
}
