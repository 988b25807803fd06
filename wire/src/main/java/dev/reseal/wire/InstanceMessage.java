package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import java.util.Optional;

/** What an instance signs with its {@code pk_sig}. */
public sealed interface InstanceMessage extends Message {

  /** 3: an overlap container was begun. */
  record Open(Head head, Bytes core, Bytes slots, Bytes ticketDigest) implements InstanceMessage {
    static Open read(Head head, Fields fields) {
      return new Open(
          head, fields.blob(10, Limits.CORE), fields.blob(11, Limits.SLOTS), fields.bytes(12, 32));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, core).with(11, slots).with(12, ticketDigest);
    }
  }

  /** 4: a LOCKED instance's promise that this container is its whole state. */
  record SealReceipt(Head head, Bytes core, Bytes slots, Bytes footer, Bytes ticketDigest)
      implements InstanceMessage {
    static SealReceipt read(Head head, Fields fields) {
      return new SealReceipt(
          head,
          fields.blob(10, Limits.CORE),
          fields.blob(11, Limits.SLOTS),
          fields.blob(12, Limits.FOOTER),
          fields.bytes(13, 32));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, core).with(11, slots).with(12, footer).with(13, ticketDigest);
    }
  }

  /** 5: a checkpoint of a serving instance; nonce of 32 bytes. */
  record Checkpoint(Head head, Bytes core, Bytes slots, Bytes footer, Bytes nonce)
      implements InstanceMessage {
    static Checkpoint read(Head head, Fields fields) {
      return new Checkpoint(
          head,
          fields.blob(10, Limits.CORE),
          fields.blob(11, Limits.SLOTS),
          fields.blob(12, Limits.FOOTER),
          fields.bytes(13, 32));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, core).with(11, slots).with(12, footer).with(13, nonce);
    }
  }

  /**
   * 8: a candidate's evidence.
   *
   * @param claims encoded {@link Claims}
   * @param evidence the quote over them
   * @param coreDigest SHA-256 of the core that it is about to open; empty if it has seen none
   */
  record GrantRequest(Head head, Bytes claims, Bytes evidence, Optional<Bytes> coreDigest)
      implements InstanceMessage {
    static GrantRequest read(Head head, Fields fields) {
      return new GrantRequest(
          head,
          fields.blob(10, Limits.CORE),
          fields.blob(11, Limits.GRANT_REQUEST),
          fields.bytesOrNull(12, 32));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, claims).with(11, evidence).with(12, coreDigest);
    }
  }

  /**
   * 10: a candidate holds the state and made new slots.
   *
   * @param genesis core and footer of its own first container; genesis only
   * @param openingProof protocol 5.3; empty for genesis only
   */
  record Ready(
      Head head,
      Bytes instanceId,
      Bytes bodyId,
      Bytes coreDigest,
      Bytes slots,
      Optional<GenesisBody> genesis,
      Optional<Bytes> openingProof)
      implements InstanceMessage {
    /** The body of the first container of a lineage. */
    public record GenesisBody(Bytes core, Bytes footer) {}

    static Ready read(Head head, Fields fields) {
      boolean genesis = fields.has(14) || fields.has(15);
      return new Ready(
          head,
          fields.bytes(10, 32),
          fields.bytes(11, 32),
          fields.bytes(12, 32),
          fields.blob(13, Limits.SLOTS),
          genesis
              ? Optional.of(
                  new GenesisBody(fields.blob(14, Limits.CORE), fields.blob(15, Limits.FOOTER)))
              : Optional.empty(),
          fields.bytesOrNull(16, 32));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      Cbor.Map common =
          map.with(10, instanceId)
              .with(11, bodyId)
              .with(12, coreDigest)
              .with(13, slots)
              .with(16, openingProof);
      return genesis
          .map(body -> common.with(14, body.core()).with(15, body.footer()))
          .orElse(common);
    }
  }

  /**
   * 14: a passport is asked for.
   *
   * @param nonce 32 bytes
   * @param genInstalled the generation that the instance has installed
   * @param logHead newest log head whose signature it checked
   * @param passportDigest SHA-256 of the newest passport it knows
   */
  record Renew(
      Head head, Bytes nonce, long genInstalled, Optional<Bytes> logHead, Bytes passportDigest)
      implements InstanceMessage {
    static Renew read(Head head, Fields fields) {
      return new Renew(
          head,
          fields.bytes(10, 32),
          fields.uint(11),
          fields.blobOrNull(12, Limits.CORE),
          fields.bytes(13, 32));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, nonce).with(11, genInstalled).with(12, logHead).with(13, passportDigest);
    }
  }
}
