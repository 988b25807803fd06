package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.WireError;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the register makes of an event. */
public sealed interface Decision {

  /** What happens, or {@link Denied}. */
  default Accepted orThrow() {
    return switch (this) {
      case Accepted accepted -> accepted;
      case Refused(WireError error) -> throw Denied.of(error);
    };
  }

  /**
   * The event happens. The host makes the keys durable, commits row, entry and kept bytes as one,
   * advances the anchor, erases what the row lets go, and only then answers.
   *
   * @param event empty for Renew, which is not logged
   * @param answer empty where the call answers with nothing or with the status
   * @param carries names of the keys that the answer could deliver
   * @param revoke names of keys whose stored answers are erased
   */
  record Accepted(
      Row row,
      Optional<LogEvent> event,
      Optional<Bytes> answer,
      List<String> carries,
      List<NewKey> make,
      List<Keep> keep,
      List<String> revoke)
      implements Decision {
    public Accepted {
      carries = List.copyOf(carries);
      make = List.copyOf(make);
      keep = List.copyOf(keep);
      revoke = List.copyOf(revoke);
    }

    static Accepted of(Row row, LogEvent event) {
      return new Accepted(
          row, Optional.of(event), Optional.empty(), List.of(), List.of(), List.of(), List.of());
    }

    Accepted answering(Bytes message) {
      return new Accepted(row, event, Optional.of(message), carries, make, keep, revoke);
    }

    Accepted carrying(List<String> names) {
      return new Accepted(row, event, answer, names, make, keep, revoke);
    }

    Accepted making(List<NewKey> keys) {
      return new Accepted(row, event, answer, carries, keys, keep, revoke);
    }

    Accepted keeping(Keep one) {
      List<Keep> all = new ArrayList<>(keep);
      all.add(one);
      return new Accepted(row, event, answer, carries, make, all, revoke);
    }

    /** Stored answers that carry these keys are erased too. */
    Accepted revoking(List<String> names) {
      return new Accepted(row, event, answer, carries, make, keep, names);
    }
  }

  /** Nothing happens. */
  record Refused(WireError error) implements Decision {}

  /** A key that must be durable before the row names it; the host owns and closes it. */
  record NewKey(String name, Secret key) {}

  /**
   * Bytes stored with the event.
   *
   * @param carries names of the keys that the bytes could deliver
   */
  record Keep(Bytes opId, String type, Bytes digest, Bytes body, List<String> carries) {}
}
