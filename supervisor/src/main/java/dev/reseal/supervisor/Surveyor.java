package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Entry;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Facts;
import dev.reseal.lifecycle.InstanceState;
import dev.reseal.lifecycle.View;
import dev.reseal.platform.Platform;
import dev.reseal.platform.PlatformException;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Status;
import dev.reseal.wire.WireError;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Journal, files, instances and the authority's word, side by side (protocol 13). */
final class Surveyor {
  /** How long a living instance may take to say again who it is. */
  private static final long SILENCE_MS = 3_000;

  private final Bytes lineage;
  private final Authority authority;
  private final Platform platform;
  private final Roster roster;
  private final Containers containers;

  Surveyor(
      Bytes lineage, Authority authority, Platform platform, Roster roster, Containers containers) {
    this.lineage = lineage;
    this.authority = authority;
    this.platform = platform;
    this.roster = roster;
    this.containers = containers;
  }

  /** The links found are those that must be watched from now on. */
  record Survey(Event.Surveyed event, List<Link> links) {}

  Survey survey(List<Entry> entries) throws InterruptedException {
    Optional<Facts.Noted> noted = Notes.newest(entries);
    try {
      List<Link> links = roster.refresh(platform);
      hear(links);
      List<Facts.Found> found = new ArrayList<>();
      links.forEach(l -> found.add(new Facts.Found(l.handle(), l.instanceId(), l.state())));
      Facts facts = new Facts(found, bodies(noted), noted);
      return new Survey(new Event.Surveyed(view(), facts), links);
    } catch (PlatformException gone) {
      View view = new View.Unreachable("platform: " + gone.getMessage());
      Facts facts = new Facts(List.of(), Set.of(), noted);
      return new Survey(new Event.Surveyed(view, facts), List.of());
    }
  }

  private static void hear(List<Link> links) throws InterruptedException {
    long until = System.nanoTime() + SILENCE_MS * 1_000_000;
    while (links.stream().anyMatch(l -> l.state() == InstanceState.SILENT)
        && System.nanoTime() < until) {
      Thread.sleep(20);
    }
  }

  private Set<Bytes> bodies(Optional<Facts.Noted> noted) {
    Set<Bytes> bodies = containers.bodies();
    Optional<Bytes> body = noted.flatMap(Facts.Noted::body);
    if (body.isPresent() && !bodies.contains(body.get())) {
      try {
        containers.recover(body.get());
        return containers.bodies();
      } catch (IOException torn) {
        Log.warn("container " + body.get() + " is not whole: " + torn.getMessage());
      }
    }
    return bodies;
  }

  private View view() {
    try {
      return row(authority.status(lineage));
    } catch (AuthorityException silent) {
      Optional<WireError> error = silent.error();
      if (error.isEmpty()) {
        return new View.Unreachable(String.valueOf(silent.getMessage()));
      }
      return switch (error.get().code()) {
        case QUARANTINED -> new View.Quarantined();
        case LINEAGE_MISMATCH -> new View.Unknown();
        default -> new View.Unreachable(error.get().code() + ": " + error.get().detail());
      };
    }
  }

  private View row(Status status) {
    Status.Operation row = status.operation();
    Bytes here = platform.info().id();
    return new View.Row(
        View.State.valueOf(status.state()),
        row.kind() == 0 ? Kind.POLICY : Kind.of(row.kind()),
        row.opId(),
        row.fence(),
        status.active().map(Status.Active::instanceId),
        status.active().flatMap(Status.Active::platformId).map(here::equals).orElse(true),
        status.head().map(Status.StateHead::bodyId));
  }
}
