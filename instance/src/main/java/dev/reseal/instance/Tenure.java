package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.AuthorityMessage.CheckpointAck;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.Keyset;
import dev.reseal.wire.Passport;
import dev.reseal.wire.Signed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What an activated instance knows: its epoch, keys, fences and what the register confirmed. */
final class Tenure implements AutoCloseable {
  /** A checkpoint that was signed and not yet acknowledged. */
  record Pending(Bytes opId, Bytes nonce, Bytes bodyId, long version) {
    boolean of(CheckpointAck ack) {
      return ack.head().opId().equals(opId)
          && ack.nonce().equals(nonce)
          && ack.bodyId().equals(bodyId);
    }
  }

  final Bytes lineage;
  final long epoch;
  final long fence;
  final Bytes wrapKey;
  final Essentials policy;
  private Keyset keyset;
  private Signed<Passport> passport;
  private Optional<Pending> pending = Optional.empty();
  private long acknowledged;
  private long lockedFence;
  private long rekeyFence;
  private long genFloor;
  private long seq;

  Tenure(Phase.Held held, Keyset keyset, Signed<Passport> passport, long genFloor, long version) {
    this.lineage = held.head().lineage();
    this.epoch = held.grant().nextEpoch();
    this.fence = held.head().fence();
    this.wrapKey = held.wrapKey();
    this.policy = held.policy();
    this.keyset = keyset;
    this.passport = passport;
    this.genFloor = genFloor;
    this.acknowledged = version;
    this.lockedFence = fence;
    this.rekeyFence = fence;
    // The first container of a lineage is of epoch 1 too, and has seq 1.
    this.seq = held.grant().genesis() ? 1 : 0;
  }

  /** The head of a message of this tenure outside an operation: a fresh op_id. */
  Head head(Bytes opId) {
    return new Head(lineage, opId, fence, epoch);
  }

  long gen() {
    return keyset.active().gen();
  }

  Keyset keyset() {
    return keyset;
  }

  Signed<Passport> passport() {
    return passport;
  }

  /** Keeps the passport that ends last: there is no trusted time to order them by. */
  void keep(Signed<Passport> other) {
    if (other.message().notAfter() >= passport.message().notAfter()) {
      passport = other;
    }
  }

  /** An instance locks at most once per fence, and only under one above its activation's. */
  boolean mayLock(long ticketFence) {
    return ticketFence > lockedFence;
  }

  void locked(long ticketFence) {
    lockedFence = ticketFence;
  }

  /** So an old rekey-grant cannot bring back a zeroised generation. */
  boolean mayRekey(long grantFence, long gen) {
    return grantFence > rekeyFence && gen > gen();
  }

  void rekeyed(long grantFence, Keyset newer) {
    keyset.close();
    keyset = newer;
    rekeyFence = grantFence;
  }

  /** Zeroises our copies of retired generations; the active one is never retired. */
  void retire(List<Long> gens) {
    List<Keyset.Generation> kept = new ArrayList<>();
    for (Keyset.Generation each : keyset.generations()) {
      if (gens.contains(each.gen()) && each.state() != Keyset.State.ACTIVE) {
        each.keys().values().forEach(key -> key.close());
      } else {
        kept.add(each);
      }
    }
    keyset = new Keyset(kept);
  }

  long nextSeq() {
    return ++seq;
  }

  long genFloor() {
    return Math.min(genFloor, gen());
  }

  void raiseFloor(long floor) {
    if (floor < genFloor || floor > gen()) {
      throw new IllegalArgumentException(
          "floor " + floor + " is not between " + genFloor + " and " + gen());
    }
    genFloor = floor;
  }

  void checkpointed(Pending checkpoint) {
    pending = Optional.of(checkpoint);
  }

  /** Whether this acknowledges the pending checkpoint; then its updates are in the head. */
  boolean acknowledge(CheckpointAck ack) {
    Optional<Pending> found = pending.filter(each -> each.of(ack));
    found.ifPresent(each -> {
      acknowledged = each.version();
      pending = Optional.empty();
    });
    return found.isPresent();
  }

  /** Whether an answer that holds or shows this update may leave (protocol 8, RPO). */
  boolean mayRelease(long version) {
    return policy.rpoUpdates().map(most -> version - acknowledged <= most).orElse(true);
  }

  @Override
  public void close() {
    keyset.close();
  }
}
