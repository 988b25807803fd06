package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import java.util.List;

/**
 * A message whose signature was checked, or made here, with the bytes as they travel.
 *
 * @param cose the whole COSE_Sign1 as received
 * @param kid SHA-256 of the signer's SPKI
 */
public record Signed<M extends Message>(M message, Bytes cose, Bytes kid) {

  public static <M extends Message> Signed<M> sign(M message, SigningKey key) {
    Bytes cose = Cose.sign(message.type().wireName(), message.payload(), key);
    return new Signed<>(message, cose, key.kid());
  }

  public static <M extends Message> Signed<M> verify(
      Class<M> record, Bytes cose, VerifyKey... keys) {
    return verify(record, cose, List.of(keys));
  }

  /** Reads {@code cose} as that type, signed by one of {@code keys}; refuses everything else. */
  public static <M extends Message> Signed<M> verify(
      Class<M> record, Bytes cose, List<VerifyKey> keys) {
    MessageType type = MessageType.of(record);
    Cose envelope = Cose.parse(cose, type.most());
    Bytes payload = envelope.verify(type.wireName(), keys);
    return new Signed<>(record.cast(Message.decode(type, payload)), cose, envelope.kid());
  }

  /**
   * Reads the payload of a message whose signer is named in the payload itself (grant-request, or
   * an instance known by lineage): nothing of it counts before {@link #verify}.
   */
  public static <M extends Message> M peek(Class<M> record, Bytes cose) {
    MessageType type = MessageType.of(record);
    return record.cast(Message.decode(type, Cose.parse(cose, type.most()).payload()));
  }

  /** SHA-256 of the whole message: what "ticket digest" and "SHA-256 of a passport" mean. */
  public Bytes digest() {
    return cose.sha256();
  }
}
