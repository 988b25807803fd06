package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Kind;

/** An order to the host. Each may be carried out twice; its result comes back as an event. */
public sealed interface Effect {
  /** PREFLIGHT: everything that can be known before something is touched. */
  record Inspect(Kind kind) implements Effect {}

  record Submit(Call call, Bytes message) implements Effect {}

  /** Ask the authority for a challenge of this operation. */
  record Challenge(Bytes opId) implements Effect {}

  /** Sign and submit a request of this kind with the supervisor's own key. */
  record Demand(Kind kind) implements Effect {}

  /** Fetch a stored answer of the authority: an activation or an abort. */
  record Fetch(Call call, Bytes opId) implements Effect {}

  /** Hold new connections. */
  record Park() implements Effect {}

  /** Let connections through to this instance. */
  record Release(String handle) implements Effect {}

  record Advise(String handle, Verb verb, Bytes payload) implements Effect {}

  /** Show the registered slots to an instance; one that serves tries to make a quote too. */
  record CheckPlatform(String handle) implements Effect {}

  /** Sync and name the container, whose receipt or ready has arrived. */
  record Keep(String handle, Bytes body) implements Effect {}

  record Destroy(String handle) implements Effect {}

  record Reclaim() implements Effect {}

  record Create(Bytes opId) implements Effect {}

  record Wait(Alarm alarm, long ms, long turn) implements Effect {}

  /** Read journal, files and instances, and ask the authority, after a pause. */
  record Survey(long afterMs) implements Effect {}

  /** Delete what the register does not name. */
  record Tidy() implements Effect {}

  /** Tell whoever asked for this operation how it ended. */
  record Finish(Bytes opId, Outcome outcome) implements Effect {}

  /** Whether the world outside the supervisor changes, so that a note must be durable first. */
  default boolean outward() {
    return switch (this) {
      case Submit _, Demand _, Advise _, Keep _, Destroy _, Create _, Tidy _ -> true;
      case Inspect _,
          Challenge _,
          Fetch _,
          Park _,
          Release _,
          CheckPlatform _,
          Reclaim _,
          Wait _,
          Survey _,
          Finish _ ->
          false;
    };
  }
}
