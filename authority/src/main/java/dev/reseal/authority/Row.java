package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.Core;
import dev.reseal.sealed.Footer;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Mode;
import dev.reseal.wire.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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

  /**
   * The operation in flight.
   *
   * @param nextGen the row's generation unless it rotates
   * @param essentials the policy of the next epoch, encoded
   * @param ticketDigest of the ticket; empty where there is none
   */
  public record Operation(
      Kind kind,
      Optional<Mode> mode,
      Bytes opId,
      long fence,
      List<Target> targets,
      long nextGen,
      Bytes nextWrapId,
      Bytes essentials,
      Optional<Bytes> ticketDigest,
      long permitUntilMs,
      List<Granted> grants) {
    public Operation {
      targets = List.copyOf(targets);
      grants = List.copyOf(grants);
    }

    Operation withGrant(Granted grant) {
      List<Granted> all = new ArrayList<>(grants);
      all.removeIf(each -> each.identity().instanceId().equals(grant.identity().instanceId()));
      all.add(grant);
      return new Operation(
          kind,
          mode,
          opId,
          fence,
          targets,
          nextGen,
          nextWrapId,
          essentials,
          ticketDigest,
          permitUntilMs,
          all);
    }

    Optional<Granted> grantOf(Bytes instanceId) {
      return grants.stream()
          .filter(each -> each.identity().instanceId().equals(instanceId))
          .findFirst();
    }
  }

  /**
   * A candidate.
   *
   * @param z what its opening proof must show; zeros in genesis
   */
  public record Granted(Identity identity, Bytes z, long atMs) {}

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

  /** A key generation and the fence of the operation that made it. */
  public record Gen(long number, long fence) {}

  /**
   * The keys that exist, and those being destroyed (protocol 15).
   *
   * @param gens oldest first, a prepared one included
   */
  public record Keys(List<Bytes> wrapIds, List<Gen> gens, List<String> destroying) {
    static final Keys NONE = new Keys(List.of(), List.of(), List.of());

    public Keys {
      wrapIds = List.copyOf(wrapIds);
      gens = List.copyOf(gens);
      destroying = List.copyOf(destroying);
    }

    Keys plusWrap(Bytes wrapId) {
      List<Bytes> wraps = new ArrayList<>(wrapIds);
      wraps.add(wrapId);
      return new Keys(wraps, gens, destroying);
    }

    Keys plusGen(Gen gen) {
      List<Gen> all = new ArrayList<>(gens);
      all.add(gen);
      return new Keys(wrapIds, all, destroying);
    }

    /** Without keys that nothing can need any more. */
    Keys minus(List<Bytes> wraps, List<Gen> those) {
      return new Keys(
          wrapIds.stream().filter(each -> !wraps.contains(each)).toList(),
          gens.stream().filter(each -> !those.contains(each)).toList(),
          destroying);
    }

    Keys destroying(List<String> names) {
      return new Keys(wrapIds, gens, names);
    }

    Optional<Gen> gen(long number) {
      return gens.stream().filter(each -> each.number() == number).findFirst();
    }

    /** The names under which the key store has them. */
    List<String> names(Bytes lineage) {
      List<String> all = new ArrayList<>();
      wrapIds.forEach(id -> all.add(KeyNames.wrap(lineage, id)));
      gens.forEach(gen -> all.add(KeyNames.gen(lineage, gen)));
      return all;
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

  Row with(State next) {
    return new Row(
        lineage,
        version + 1,
        policyFile,
        policy,
        epoch,
        fence,
        gen,
        next,
        head,
        keys,
        last,
        rekeyedAtMs,
        lease);
  }

  Row withPolicy(Policy newer, Bytes file) {
    Lease longer =
        new Lease(
            lease.untilMs(),
            Math.max(lease.waitLifeMs(), newer.dials().lifeMs()),
            lease.passport());
    return new Row(
        lineage,
        version + 1,
        file,
        newer,
        epoch,
        fence,
        gen,
        state,
        head,
        keys,
        last,
        rekeyedAtMs,
        longer);
  }

  Row withCounters(long newEpoch, long newFence, long newGen) {
    return new Row(
        lineage,
        version,
        policyFile,
        policy,
        newEpoch,
        newFence,
        newGen,
        state,
        head,
        keys,
        last,
        rekeyedAtMs,
        lease);
  }

  Row withHead(StateHead newer) {
    return new Row(
        lineage,
        version,
        policyFile,
        policy,
        epoch,
        fence,
        gen,
        state,
        Optional.of(newer),
        keys,
        last,
        rekeyedAtMs,
        lease);
  }

  Row withKeys(Keys newer) {
    return new Row(
        lineage,
        version,
        policyFile,
        policy,
        epoch,
        fence,
        gen,
        state,
        head,
        newer,
        last,
        rekeyedAtMs,
        lease);
  }

  Row withLast(Kind kind, Bytes opId) {
    return new Row(
        lineage,
        version,
        policyFile,
        policy,
        epoch,
        fence,
        gen,
        state,
        head,
        keys,
        Optional.of(new Last(kind, opId)),
        rekeyedAtMs,
        lease);
  }

  Row rekeyedAt(long ms) {
    return new Row(
        lineage,
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
        ms,
        lease);
  }

  Row withLease(Lease newer) {
    return new Row(
        lineage,
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
        newer);
  }

  Essentials epochEssentials(Incumbent incumbent) {
    return Essentials.decode(incumbent.essentials());
  }
}
