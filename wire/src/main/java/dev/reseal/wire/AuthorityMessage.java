package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import java.util.List;
import java.util.Optional;

/** What the authority signs with {@code K_A} for instances and supervisors. */
public sealed interface AuthorityMessage extends Message {

  /**
   * 2: permission to lock.
   *
   * @param transferKey {@code PK_x} of a transfer operation
   * @param permitUntil end of the pinned collateral, milliseconds since 1970
   */
  record Ticket(
      Head head,
      Bytes instanceId,
      Kind kind,
      Mode mode,
      List<Target> targets,
      Optional<Bytes> transferKey,
      long permitUntil,
      Bytes collateralId)
      implements AuthorityMessage {
    static Ticket read(Head head, Fields fields) {
      return new Ticket(
          head,
          fields.bytes(10, 32),
          Kind.of(fields.uint(11)),
          Mode.of(fields.uint(12)),
          fields.list(13, 1, Limits.LIST, each -> Target.read(each.any(0))),
          fields.bytesOrNull(14, 32),
          fields.uint(16),
          fields.bytes(17, 32));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, instanceId)
          .with(11, kind.number())
          .with(12, mode.number())
          .with(13, Cbor.array(targets, Target::write))
          .with(14, transferKey)
          .with(16, permitUntil)
          .with(17, collateralId);
    }
  }

  /** 6: the checkpoint is the head now. */
  record CheckpointAck(Head head, Bytes bodyId, Bytes nonce, Bytes logHead)
      implements AuthorityMessage {
    static CheckpointAck read(Head head, Fields fields) {
      return new CheckpointAck(
          head, fields.bytes(10, 32), fields.bytes(11, 32), fields.blob(12, Limits.CORE));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, bodyId).with(11, nonce).with(12, logHead);
    }
  }

  /** 7: a nonce of 32 bytes for evidence. */
  record Challenge(Head head, Bytes nonce, Bytes logHead) implements AuthorityMessage {
    static Challenge read(Head head, Fields fields) {
      return new Challenge(head, fields.bytes(10, 32), fields.blob(11, Limits.CORE));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, nonce).with(11, logHead);
    }
  }

  /**
   * 9: the authority halves for a candidate.
   *
   * @param coreDigest zeros for genesis
   * @param bodyId empty for an early grant and for genesis
   * @param slots the registered slots; empty bytes for genesis
   * @param shares HPKE to {@code pk_kem} of the array of {@code S_auth} or null
   * @param nextWrapKey {@code PK_w} under which the candidate will seal
   * @param opening {@code z} to {@code pk_open}; empty for genesis
   * @param essentials encoded {@link Essentials}
   */
  record Grant(
      Head head,
      Bytes instanceId,
      boolean early,
      Bytes coreDigest,
      Optional<Bytes> bodyId,
      Bytes slots,
      Hpke.Box shares,
      Bytes nextWrapKey,
      long nextEpoch,
      Bytes logHead,
      Optional<Hpke.Box> opening,
      Bytes essentials)
      implements AuthorityMessage {
    static Grant read(Head head, Fields fields) {
      return new Grant(
          head,
          fields.bytes(10, 32),
          fields.bool(11),
          fields.bytes(12, 32),
          fields.bytesOrNull(13, 32),
          fields.blob(14, Limits.SLOTS),
          new Hpke.Box(fields.bytes(15, 32), fields.blob(16, 256)),
          fields.bytes(17, 32),
          fields.uint(18),
          fields.blob(20, Limits.CORE),
          fields.bytesOrNull(21, 80).map(Hpke.Box::split),
          fields.blob(22, Limits.CORE));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, instanceId)
          .with(11, early)
          .with(12, coreDigest)
          .with(13, bodyId)
          .with(14, slots)
          .with(15, shares.enc())
          .with(16, shares.ct())
          .with(17, nextWrapKey)
          .with(18, nextEpoch)
          .with(20, logHead)
          .with(21, opening.map(Hpke.Box::joined))
          .with(22, essentials);
    }

    /** Whether there is no state to open: the first activation of a lineage. */
    public boolean genesis() {
      return slots.size() == 0;
    }
  }

  /** 11: the commit, for the one activated instance. */
  record Activation(
      Head head,
      Bytes instanceId,
      long epoch,
      long gen,
      Hpke.Box keyset,
      Bytes stateHead,
      Bytes passport,
      Bytes logHead,
      Bytes essentials)
      implements AuthorityMessage {
    static Activation read(Head head, Fields fields) {
      return new Activation(
          head,
          fields.bytes(10, 32),
          fields.uint(11),
          fields.uint(12),
          new Hpke.Box(fields.bytes(13, 32), fields.blob(14, Limits.KEYSET + 16)),
          fields.bytes(15, 32),
          fields.blob(16, Limits.CORE),
          fields.blob(17, Limits.CORE),
          fields.blob(22, Limits.CORE));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, instanceId)
          .with(11, epoch)
          .with(12, gen)
          .with(13, keyset.enc())
          .with(14, keyset.ct())
          .with(15, stateHead)
          .with(16, passport)
          .with(17, logHead)
          .with(22, essentials);
    }
  }

  /** 12: the operation is given up; the locked instance serves on. */
  record Abort(Head head, Bytes instanceId) implements AuthorityMessage {
    static Abort read(Head head, Fields fields) {
      return new Abort(head, fields.bytes(10, 32));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, instanceId);
    }
  }

  /** 13: a new generation for the active instance. */
  record RekeyGrant(Head head, Bytes instanceId, long gen, Hpke.Box keyset)
      implements AuthorityMessage {
    static RekeyGrant read(Head head, Fields fields) {
      return new RekeyGrant(
          head,
          fields.bytes(10, 32),
          fields.uint(11),
          new Hpke.Box(fields.bytes(12, 32), fields.blob(13, Limits.KEYSET + 16)));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, instanceId).with(11, gen).with(12, keyset.enc()).with(13, keyset.ct());
    }
  }

  /**
   * 16: keys are destroyed.
   *
   * @param backupUntil when the last backup with the keys will be destroyed, milliseconds since
   *     1970; 0 if there is none
   */
  record Retired(Head head, List<Bytes> wrapIds, List<Long> gens, Bytes logHead, long backupUntil)
      implements AuthorityMessage {
    static Retired read(Head head, Fields fields) {
      return new Retired(
          head,
          fields.listOfBytes(10, 0, Limits.LIST, 32),
          fields.listOfNumbers(11, 0, Limits.LIST),
          fields.blob(12, Limits.CORE),
          fields.uint(13));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, Cbor.array(wrapIds, Cbor::of))
          .with(11, Cbor.array(gens, Cbor::of))
          .with(12, logHead)
          .with(13, backupUntil);
    }
  }
}
