package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.Core;
import dev.reseal.sealed.Footer;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One lineage in the register (protocol 7).
 *
 * @param version raised by every event but Renew
 * @param policyFile the signed file that {@code policy} was read from
 * @param rekeyedAtMs wall time of the newest Rekey; 0 without one
 */
public record Row(
    Bytes lineage,
    long version,
    Bytes policyFile,
    Policy policy,
    long epoch,
    long fence,
    long gen,
    State state,
    Optional<StateHead> head,
    Keys keys,
    Optional<Last> last,
    long rekeyedAtMs,
    Lease lease) {

  /** The states of protocol 7; each carries all that it needs and nothing else. */
  public sealed interface State {
    record Empty() implements State {}

    record Active(Incumbent incumbent) implements State {}

    record Prepared(Incumbent incumbent, Operation operation) implements State {}

    /** {@code incumbent} is empty in genesis only; the head is what candidates must open. */
    record Sealed(Optional<Incumbent> incumbent, Operation operation) implements State {}

    record Closed(long keysUntilMs) implements State {}
  }

  /**
   * The active instance.
   *
   * @param fence of its activation
   * @param wrapId the wrap key of its epoch
   * @param essentials the policy of its epoch, encoded
   * @param flags of its passports that stay for the epoch
   */
  public record Incumbent(
      Identity identity, Bytes opId, long fence, Bytes wrapId, Bytes essentials, long flags) {}

  /** The last committed sealed state. */
  public record StateHead(Bytes core, Bytes slots, Bytes footer) {
    Bytes bodyId() {
      return Digests.body(core, footer);
    }

    Bytes digest() {
      return Digests.head(bodyId(), Digests.slots(slots));
    }

    Core decodedCore() {
      return Core.decode(core);
    }

    Footer decodedFooter() {
      return Footer.decode(footer);
    }
  }

  /** The newest operation, ended or not. */
  public record Last(Kind kind, Bytes opId) {}

  /**
   * What Renew writes; outside the log.
   *
   * @param untilMs wall time until which some passport may be valid; 0 before the first
   * @param waitLifeMs passport life that a takeover waits for (protocol 12)
   */
  public record Lease(long untilMs, long waitLifeMs, Optional<Bytes> passport) {}

  Optional<Incumbent> incumbent() {
    return switch (state) {
      case State.Empty(), State.Closed _ -> Optional.empty();
      case State.Active(var incumbent) -> Optional.of(incumbent);
      case State.Prepared(var incumbent, _) -> Optional.of(incumbent);
      case State.Sealed(var incumbent, _) -> incumbent;
    };
  }

  Optional<Operation> operation() {
    return switch (state) {
      case State.Empty(), State.Active _, State.Closed _ -> Optional.empty();
      case State.Prepared(_, var operation) -> Optional.of(operation);
      case State.Sealed(_, var operation) -> Optional.of(operation);
    };
  }

  /** The state's name in protocol 7. */
  String stateName() {
    return switch (state) {
      case State.Empty() -> "EMPTY";
      case State.Active _ -> "ACTIVE";
      case State.Prepared _ -> "PREPARED";
      case State.Sealed _ -> "SEALED";
      case State.Closed _ -> "CLOSED";
    };
  }

  static Row born(Policy policy, Bytes policyFile) {
    return new Row(
        policy.essentials().lineage(),
        1,
        policyFile,
        policy,
        0,
        0,
        0,
        new State.Empty(),
        Optional.empty(),
        Keys.NONE,
        Optional.empty(),
        0,
        new Lease(0, policy.dials().lifeMs(), Optional.empty()));
  }

  /** A row that changes: every field named once, so that no change can leave one out. */
  private static final class Draft {
    private final Row from;
    private long version;
    private Bytes policyFile;
    private Policy policy;
    private long epoch;
    private long fence;
    private long gen;
    private State state;
    private Optional<StateHead> head;
    private Keys keys;
    private Optional<Last> last;
    private long rekeyedAtMs;
    private Lease lease;

    private Draft(Row from) {
      this.from = from;
      this.version = from.version;
      this.policyFile = from.policyFile;
      this.policy = from.policy;
      this.epoch = from.epoch;
      this.fence = from.fence;
      this.gen = from.gen;
      this.state = from.state;
      this.head = from.head;
      this.keys = from.keys;
      this.last = from.last;
      this.rekeyedAtMs = from.rekeyedAtMs;
      this.lease = from.lease;
    }

    private Row done() {
      return new Row(
          from.lineage,
          version,
          policyFile,
          policy,
          epoch,
          fence,
          gen,
          state,
          head,
          keys,
          last,
          rekeyedAtMs,
          lease);
    }
  }

  private Row changed(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.done();
  }

  /** The row after an event: the only change that raises the version, with the policy's. */
  Row with(State next) {
    return changed(draft -> {
      draft.version = version + 1;
      draft.state = next;
    });
  }

  Row withPolicy(Policy newer, Bytes file) {
    return changed(draft -> {
      draft.version = version + 1;
      draft.policyFile = file;
      draft.policy = newer;
      draft.lease =
          new Lease(
              lease.untilMs(),
              Math.max(lease.waitLifeMs(), newer.dials().lifeMs()),
              lease.passport());
    });
  }

  Row withCounters(long newEpoch, long newFence, long newGen) {
    return changed(draft -> {
      draft.epoch = newEpoch;
      draft.fence = newFence;
      draft.gen = newGen;
    });
  }

  Row withHead(StateHead newer) {
    return changed(draft -> draft.head = Optional.of(newer));
  }

  Row withKeys(Keys newer) {
    return changed(draft -> draft.keys = newer);
  }

  Row withLast(Kind kind, Bytes opId) {
    return changed(draft -> draft.last = Optional.of(new Last(kind, opId)));
  }

  Row rekeyedAt(long ms) {
    return changed(draft -> draft.rekeyedAtMs = ms);
  }

  Row withLease(Lease newer) {
    return changed(draft -> draft.lease = newer);
  }

  /** What messages of this operation are about, until it is committed. */
  Head about(Operation operation) {
    return new Head(lineage, operation.opId(), operation.fence(), epoch);
  }

  Essentials epochEssentials(Incumbent incumbent) {
    return Essentials.decode(incumbent.essentials());
  }
}
