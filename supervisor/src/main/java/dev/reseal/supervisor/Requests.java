package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Mode;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import dev.reseal.wire.Target;
import java.util.List;
import java.util.Optional;

/** Requests (message 1) about what a status shows, signed by whoever holds the key. */
public final class Requests {
  private Requests() {}

  /** A signed request and the op_id that its answer will be known by. */
  public record Made(Bytes opId, Bytes message) {}

  /** A re-seal of the active measurement on the active platform. */
  public static Made reseal(Status status, boolean rotate, SigningKey key) {
    return make(
        status, Kind.RESEAL, Optional.of(Mode.SEQUENTIAL), List.of(active(status)), rotate, key);
  }

  public static Made genesis(Status status, Target target, SigningKey key) {
    return make(status, Kind.GENESIS, Optional.empty(), List.of(target), true, key);
  }

  public static Made rekey(Status status, SigningKey key) {
    return make(status, Kind.REKEY, Optional.empty(), List.of(), true, key);
  }

  public static Made abort(Status status, SigningKey key) {
    return make(status, Kind.ABORT, Optional.empty(), List.of(), false, key);
  }

  public static Made close(Status status, SigningKey key) {
    return make(status, Kind.CLOSE, Optional.empty(), List.of(), false, key);
  }

  public static Made takeover(Status status, SigningKey key) {
    return make(status, Kind.TAKEOVER, Optional.empty(), List.of(active(status)), false, key);
  }

  /** A policy file for one of its lineages; without a status, the lineage is born. */
  public static Made policy(Bytes lineage, Optional<Status> status, Bytes file, SigningKey key) {
    Head head =
        status
            .map(known -> head(known, key))
            .orElseGet(() -> new Head(lineage, key.fresh(16), 0, 0));
    Ask.Extra extra = new Ask.Extra.PolicyFile(file, status.map(known -> known.policy().file()));
    return sign(new Ask(head, Kind.POLICY, Optional.empty(), List.of(), false, extra), key);
  }

  /** Everything that the status says can be destroyed now. */
  public static Made retire(Status status, SigningKey key) {
    Ask.Extra keys = new Ask.Extra.Keys(status.retirable().wrapIds(), status.retirable().gens());
    return sign(
        new Ask(head(status, key), Kind.RETIRE, Optional.empty(), List.of(), false, keys), key);
  }

  private static Made make(
      Status status,
      Kind kind,
      Optional<Mode> mode,
      List<Target> targets,
      boolean rotate,
      SigningKey key) {
    return sign(new Ask(head(status, key), kind, mode, targets, rotate, Ask.NOTHING), key);
  }

  private static Made sign(Ask ask, SigningKey key) {
    Bytes message = Signed.sign(Request.of(ask, List.of()), key).cose();
    return new Made(ask.head().opId(), message);
  }

  private static Head head(Status status, SigningKey key) {
    Status.Operation row = status.operation();
    return new Head(status.lineage(), key.fresh(16), row.fence(), row.epoch());
  }

  private static Target active(Status status) {
    Status.Active active =
        status
            .active()
            .orElseThrow(
                () -> new IllegalStateException(status.name() + " has no active instance"));
    return new Target(
        active.mrenclave(),
        active.isvProdId(),
        active.isvSvn(),
        active.platformKind(),
        active.platformId());
  }
}
