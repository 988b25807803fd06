package dev.reseal.supervisor;

import dev.reseal.lifecycle.Cause;
import dev.reseal.lifecycle.Event;
import dev.reseal.platform.Platform;
import dev.reseal.platform.PlatformException;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Status;
import java.util.Optional;

/** What can be known before anything is touched (protocol 9.1, PREFLIGHT). */
final class Preflight {
  private final Settings settings;
  private final Authority authority;
  private final Platform platform;
  private final Containers containers;

  Preflight(Settings settings, Authority authority, Platform platform, Containers containers) {
    this.settings = settings;
    this.authority = authority;
    this.platform = platform;
    this.containers = containers;
  }

  Event inspect(Kind kind) {
    try {
      Status status = authority.status(settings.lineage());
      Optional<Cause> cause = kind == Kind.REKEY ? Optional.empty() : unfit(kind, status);
      return cause.<Event>map(Event.Unfit::new).orElseGet(Event.Fit::new);
    } catch (AuthorityException silent) {
      return new Event.Unfit(
          new Cause(
              "AUTHORITY_UNREACHABLE",
              String.valueOf(silent.getMessage()),
              "see that the authority runs, then ask again; the service goes on meanwhile"));
    } catch (PlatformException gone) {
      return new Event.Unfit(
          new Cause(
              "PLATFORM_UNREACHABLE", String.valueOf(gone.getMessage()), "reseal platform start"));
    }
  }

  private Optional<Cause> unfit(Kind kind, Status status) {
    return image(kind, status).or(this::disk).or(this::epc);
  }

  private Optional<Cause> image(Kind kind, Status status) {
    return switch (platform.measure(settings.image())) {
      case Platform.Measured.Refused(var rule, String detail) ->
          Optional.of(new Cause(rule.name(), detail, "reseal inspect shows the image"));
      case Platform.Measured.Measurement(var mrenclave) -> {
        boolean expected =
            kind == Kind.GENESIS
                || status.active().filter(a -> a.mrenclave().equals(mrenclave)).isPresent();
        yield expected
            ? Optional.empty()
            : Optional.of(
                new Cause(
                    "IMAGE_CHANGED",
                    "the files now measure "
                        + mrenclave
                        + ", the active instance is "
                        + status.active().map(a -> a.mrenclave().toHex()).orElse("none"),
                    "put the files back; other code is an upgrade, not a re-seal"));
      }
    };
  }

  private Optional<Cause> disk() {
    long need = containers.largest() * 22 / 10;
    long free = containers.freeBytes();
    return free >= need
        ? Optional.empty()
        : Optional.of(
            new Cause(
                "DISK_FULL",
                "a re-seal may need " + need + " bytes in containers/, " + free + " are free",
                "free some space"));
  }

  private Optional<Cause> epc() {
    int need = settings.image().heapPages();
    return switch (platform.headroom()) {
      case Platform.Headroom.Unknown() -> Optional.empty();
      case Platform.Headroom.Pages(_, long total) ->
          total >= need
              ? Optional.empty()
              : Optional.of(
                  new Cause(
                      "EPC",
                      "the image needs " + need + " EPC pages, the platform has " + total,
                      "a platform with more EPC, or a smaller heap"));
    };
  }
}
