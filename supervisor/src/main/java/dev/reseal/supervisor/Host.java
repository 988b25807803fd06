package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Entry;
import dev.reseal.journal.Journal;
import dev.reseal.lifecycle.Cause;
import dev.reseal.lifecycle.Effect;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Outcome;
import dev.reseal.lifecycle.Verb;
import dev.reseal.platform.Platform;
import dev.reseal.platform.PlatformException;
import dev.reseal.wire.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Carries out orders on a real host. Orders to platform and disk run one after another on one
 * thread, calls to the authority on their own, the rest at once.
 */
final class Host implements Effects, AutoCloseable {
  private static final long RECLAIM_MS = 5_000;
  private static final long ASK_AGAIN_MS = 100;

  private final Settings settings;
  private final Platform platform;
  private final Doors doors;
  private final Roster roster;
  private final Containers containers;
  private final Authority authority;
  private final Conversation conversation;
  private final Preflight preflight;
  private final Surveyor surveyor;
  private final Journal journal;
  private final Consumer<Event> events;
  private final BiConsumer<Bytes, Outcome> finished;
  private final Consumer<Throwable> broken;
  private final ScheduledExecutorService hands =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("hands").factory());
  private final ScheduledExecutorService alarms =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("alarms").factory());
  private final Set<String> watched = ConcurrentHashMap.newKeySet();

  Host(
      Settings settings,
      Platform platform,
      Doors doors,
      Journal journal,
      BiConsumer<Bytes, Outcome> finished,
      Consumer<String> obstacles,
      Consumer<Throwable> broken) {
    this.settings = settings;
    this.platform = platform;
    this.doors = doors;
    this.roster = doors.roster();
    this.containers = doors.containers();
    this.authority = doors.authority();
    this.journal = journal;
    this.events = doors.events()::add;
    this.finished = finished;
    this.broken = broken;
    this.conversation =
        new Conversation(authority, settings.lineage(), settings.key(), events, obstacles, broken);
    this.preflight = new Preflight(settings, authority, platform, containers);
    this.surveyor = new Surveyor(settings.lineage(), authority, platform, roster, containers);
  }

  @Override
  public void perform(Effect effect) {
    switch (effect) {
      case Effect.Inspect(var kind) -> byHand(() -> events.accept(preflight.inspect(kind)));
      case Effect.Submit(var call, Bytes message) -> conversation.submit(call, message);
      case Effect.Challenge(Bytes opId) -> conversation.challenge(opId);
      case Effect.Demand(var kind) -> conversation.demand(kind);
      case Effect.Fetch(var call, Bytes opId) -> conversation.fetch(call, opId);
      case Effect.Park() -> doors.park();
      case Effect.Release(String handle) ->
          roster.find(handle).filter(l -> l.port() != 0).ifPresent(l -> doors.release(l.port()));
      case Effect.Advise(String handle, Verb verb, Bytes payload) ->
          roster.find(handle).ifPresent(link -> link.advise(verb, payload));
      case Effect.CheckPlatform(String handle) -> Thread.ofVirtual().start(() -> showSlots(handle));
      case Effect.Keep(_, Bytes body) -> byHand(() -> keep(body));
      case Effect.Destroy(String handle) -> byHand(() -> destroy(handle));
      case Effect.Reclaim() -> byHand(this::reclaim);
      case Effect.Create(Bytes opId) -> {
        conversation.expect(opId);
        byHand(() -> create(opId));
      }
      case Effect.Wait(var alarm, long ms, long turn) ->
          later(alarms, ms, () -> events.accept(new Event.Elapsed(alarm, turn)));
      case Effect.Survey(long afterMs) -> {
        List<Entry> entries = journal.entries();
        later(hands, afterMs, () -> survey(entries));
      }
      case Effect.Tidy() -> byHand(this::tidy);
      case Effect.Finish(Bytes opId, Outcome outcome) -> finished.accept(opId, outcome);
    }
  }

  @Override
  public void close() {
    conversation.close();
    hands.shutdownNow();
    alarms.shutdownNow();
  }

  private void byHand(Runnable what) {
    later(hands, 0, what);
  }

  /** A task that throws has a bug, and nobody would answer what it was to answer: all ends. */
  private void later(ScheduledExecutorService where, long ms, Runnable what) {
    Runnable task =
        () -> {
          try {
            what.run();
          } catch (RuntimeException | Error bug) {
            broken.accept(bug);
            throw bug;
          }
        };
    var _ = where.schedule(task, ms, TimeUnit.MILLISECONDS);
  }

  /** Not being able to show them is not a verdict: the grant decides, or an alarm goes on. */
  private void showSlots(String handle) {
    try {
      Status status = authority.status(settings.lineage());
      status
          .head()
          .ifPresent(
              head -> roster.find(handle).ifPresent(l -> l.advise(Verb.PLAT_CHECK, head.slots())));
    } catch (AuthorityException silent) {
      Log.warn("the slots could not be shown to the instance: " + silent.getMessage());
    }
  }

  private void keep(Bytes body) {
    try {
      containers.keep(body);
      events.accept(new Event.Kept(body));
    } catch (IOException refused) {
      events.accept(new Event.NotKept(new Cause("DISK", String.valueOf(refused.getMessage()), "")));
    }
  }

  /** A platform that is gone has no instances either. */
  private void destroy(String handle) {
    try {
      roster.find(handle).flatMap(Link::platformHandle).ifPresent(platform::destroy);
    } catch (PlatformException gone) {
      Log.warn("destroy " + handle + ": " + gone.getMessage());
    }
    roster.remove(handle);
    events.accept(new Event.Destroyed(handle));
  }

  private void reclaim() {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(RECLAIM_MS);
    try {
      while (System.nanoTime() < until) {
        if (!(platform.headroom() instanceof Platform.Headroom.Pages(long free, _))
            || free >= settings.image().heapPages()) {
          events.accept(new Event.Reclaimed(""));
          return;
        }
        Thread.sleep(2);
      }
      String warning =
          "the EPC pages of the old instance are not back after "
              + RECLAIM_MS
              + " ms: something else keeps or took them; the create is tried all the same";
      events.accept(new Event.Reclaimed(warning));
    } catch (PlatformException gone) {
      events.accept(new Event.Reclaimed(String.valueOf(gone.getMessage())));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void create(Bytes opId) {
    try {
      Link link = roster.add();
      Event event = created(link, advice(link, opId));
      if (event instanceof Event.NotCreated) {
        roster.remove(link.handle());
      }
      events.accept(event);
    } catch (IOException refused) {
      throw new UncheckedIOException("cannot make a directory for an instance", refused);
    }
  }

  private Event created(Link link, SortedMap<String, String> advice) {
    Path logs = roster.logs(link.handle());
    try {
      return created(
          link, platform.create(settings.image(), settings.sigstruct(), advice, logs), logs);
    } catch (PlatformException gone) {
      String detail = String.valueOf(gone.getMessage());
      return new Event.NotCreated(
          true, new Cause("PLATFORM_UNREACHABLE", detail, "reseal platform start"));
    }
  }

  private Event created(Link link, Platform.Creation creation, Path logs) {
    return switch (creation) {
      case Platform.Creation.Created(String handle, _, long pid) -> {
        link.created(handle, pid);
        watch(link);
        yield new Event.Created(link.handle());
      }
      case Platform.Creation.OutOfEpc(String detail) ->
          new Event.NotCreated(true, new Cause("EPC", detail, "wait, or free EPC"));
      case Platform.Creation.Refused(var rule, String detail) ->
          new Event.NotCreated(false, new Cause(rule.name(), detail, "its log: " + logs));
    };
  }

  private SortedMap<String, String> advice(Link link, Bytes opId) {
    TreeMap<String, String> advice = new TreeMap<>();
    advice.put("endpoint", "http://127.0.0.1:" + doors.apiPort() + "/i/" + link.handle());
    advice.put("lineage", settings.lineage().toHex());
    advice.put("op_id", opId.toHex());
    containers.newest().ifPresent(body -> advice.put("container", body.toHex()));
    return advice;
  }

  /** The process of an instance is not our child; its end is still seen. */
  private void watch(Link link) {
    Optional<String> handle = link.platformHandle();
    if (handle.isPresent() && watched.add(link.handle())) {
      Thread.ofVirtual()
          .name("watch")
          .uncaughtExceptionHandler((_, bug) -> broken.accept(bug))
          .start(() -> await(link, handle.get()));
    }
  }

  private void await(Link link, String handle) {
    while (lives(handle)) {
      Log.debug("nobody tells any more whether " + link.handle() + " ends; asking again");
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(ASK_AGAIN_MS));
    }
    watched.remove(link.handle());
    roster.remove(link.handle());
    events.accept(new Event.Exited(link.handle()));
  }

  /**
   * The platform tells at once. One that ended itself took its instances with it: their connections
   * to it are what they are (spec 22.2). It may also be that only the waiting broke off.
   */
  private boolean lives(String handle) {
    try {
      platform.awaitEnd(handle);
      return false;
    } catch (PlatformException broken) {
      return alive(handle);
    }
  }

  private boolean alive(String handle) {
    try {
      return platform.alive(handle);
    } catch (PlatformException gone) {
      return false;
    }
  }

  private void survey(List<Entry> entries) {
    try {
      Surveyor.Survey survey = surveyor.survey(entries);
      survey.links().forEach(this::watch);
      events.accept(survey.event());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void tidy() {
    try {
      Status status = authority.status(settings.lineage());
      if (status.head().isPresent()) {
        containers.supersededBy(status.head().get().bodyId());
      }
    } catch (AuthorityException | IOException later) {
      Log.warn("old containers are left for now: " + later.getMessage());
    }
  }
}
