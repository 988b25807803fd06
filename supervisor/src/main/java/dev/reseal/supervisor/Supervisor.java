package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.FileJournal;
import dev.reseal.journal.Journal;
import dev.reseal.lifecycle.Effect;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.ExitCode;
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
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;

/**
 * A running supervisor: one thread takes events, decides, notes and orders (protocol 9). It is
 * trusted with nothing but availability.
 */
public final class Supervisor implements AutoCloseable {
  private final Settings settings;
  private final Doors doors;
  private final Journal journal;
  private final ControlServer control;
  private final Host host;
  private final Effects effects;
  private final Engine engine;
  private final Stopwatch stopwatch;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final Followers followers = new Followers();
  private final Obstacle obstacle = new Obstacle(followers::waits);
  private final LastCheckpoint lastCheckpoint = new LastCheckpoint();
  private volatile Situation situation = new Situation.Unsettled(false);
  private volatile boolean closing;

  private Supervisor(Settings settings, Platform platform, Doors doors, Seams seams)
      throws IOException {
    this.settings = settings;
    this.doors = doors;
    this.journal =
        seams.journal(
            FileJournal.open(
                doors.home().journal(), settings.lineage(), System::currentTimeMillis));
    this.stopwatch = new Stopwatch(settings.name(), followers);
    this.host =
        new Host(
            settings,
            platform,
            doors,
            journal,
            this::ended,
            obstacle::meet,
            ended::completeExceptionally);
    this.effects = seams.effects(host);
    this.engine =
        new Engine(new Lifecycle(settings.limits()), journal, this::perform, this::changed);
    this.control =
        new ControlServer(
            doors.home().control(),
            settings.lineage(),
            settings.operators(),
            followers,
            doors.events()::add,
            () -> local().encode(),
            this::summary);
  }

  /** Starts behind open doors, which it closes in the end, and returns. */
  public static Supervisor start(Settings settings, Platform platform, Doors doors)
      throws IOException {
    return start(settings, platform, doors, Seams.NONE);
  }

  /** The same with somebody in between. */
  public static Supervisor start(Settings settings, Platform platform, Doors doors, Seams seams)
      throws IOException {
    Supervisor supervisor = new Supervisor(settings, platform, doors, seams);
    Thread.ofPlatform().name("supervisor").start(supervisor::loop);
    Thread.ofVirtual().name("checkpoints").start(supervisor::adviseCheckpoints);
    return supervisor;
  }

  public int publicPort() {
    return doors.publicPort();
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
        doors.roster().all().stream()
            .map(l -> new LocalStatus.Instance(l.handle(), l.state().name(), l.pid(), l.port()))
            .toList();
    Situation now = situation;
    return new LocalStatus(
        Words.of(now),
        Situation.phase(now).name(),
        Words.detail(now, obstacle.met()),
        doors.publicPort(),
        doors.parked(),
        instances);
  }

  /**
   * Cuts clients off for good, then has whoever serves make a checkpoint; to be closed afterwards.
   *
   * @return false where somebody serves and made none within {@code limitMs}
   */
  public boolean settle(long limitMs) throws IOException, InterruptedException {
    if (!(situation instanceof Situation.Idle idle)) {
      return true;
    }
    doors.shut();
    Optional<Link> link = doors.roster().find(idle.active());
    return link.isEmpty() || lastCheckpoint.made(link.get(), () -> situation.equals(idle), limitMs);
  }

  @Override
  public void close() throws IOException {
    closing = true;
    doors.events().add(new Event.Fit()); // wakes the loop, which does not look at it any more
    ended.exceptionally(_ -> null).join();
    host.close();
    control.close();
    journal.close();
    doors.close();
  }

  private void loop() {
    try {
      engine.start();
      for (Event event = next(); !closing; event = next()) {
        Situation before = situation;
        engine.handle(event);
        obstacle.heard(before, event, situation);
        lastCheckpoint.heard(event);
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

  private Event next() throws InterruptedException {
    return doors.events().take();
  }

  /** Whoever waits hears of the end once the authority has the times, or cannot be told. */
  private void ended(Bytes opId, Outcome outcome) {
    SortedMap<Long, Long> micros = stopwatch.micros();
    if (ExitCode.of(outcome) != ExitCode.DONE
        || !micros.containsKey((long) Phase.COMMIT.number())) {
      followers.ended(opId, outcome);
      return;
    }
    PhaseTimes times = new PhaseTimes(settings.lineage(), opId, micros);
    Bytes message = Cose.sign(PhaseTimes.NAME, times.encode(), settings.key());
    followers.hold(opId);
    Thread.ofVirtual()
        .name("phase-times")
        .start(() -> {
          if (!(doors.authority().post(PhaseTimes.NAME, message)
              instanceof Authority.Reply.Answer)) {
            Log.warn("the authority did not take the times of operation " + opId);
          }
          followers.release(opId, outcome);
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
        doors.roster().find(active).ifPresent(link -> link.advise(Verb.CHECKPOINT, Bytes.EMPTY));
      }
    }
  }

  private Summary summary(Bytes opId, Outcome outcome) {
    return Summary.of(outcome, stopwatch.times(opId), row());
  }

  private Optional<Summary.Row> row() {
    try {
      Status status = doors.authority().status(settings.lineage());
      Status.Operation row = status.operation();
      Bytes mrenclave = status.active().map(Status.Active::mrenclave).orElse(Bytes.zeros(32));
      return Optional.of(new Summary.Row(row.epoch(), row.fence(), row.gen(), mrenclave));
    } catch (AuthorityException silent) {
      return Optional.empty();
    }
  }
}
