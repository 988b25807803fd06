package dev.reseal.wire;

import dev.reseal.bytes.Bytes;

/**
 * The common head of every message (protocol 6.1).
 *
 * @param lineage 16 bytes; zeros in log entries and log heads
 * @param opId 16 bytes
 * @param epoch the epoch that the sender believes current
 */
public record Head(Bytes lineage, Bytes opId, long fence, long epoch) {
  /** The head of messages 17 and 18, which belong to no lineage. */
  public static final Head LOG = new Head(Bytes.zeros(16), Bytes.zeros(16), 0, 0);

  Cbor.Map map(MessageType type) {
    return Cbor.map()
        .with(1, 1)
        .with(2, type.number())
        .with(3, lineage)
        .with(4, opId)
        .with(5, fence)
        .with(6, epoch);
  }

  static Head read(MessageType type, Fields fields) {
    fields.uint(1, 1, 1);
    fields.uint(2, type.number(), type.number());
    Head head = new Head(fields.bytes(3, 16), fields.bytes(4, 16), fields.uint(5), fields.uint(6));
    boolean log = type == MessageType.LOG_ENTRY || type == MessageType.LOG_HEAD;
    if (log && !head.equals(LOG)) {
      throw new WireException(
          WireException.Rule.FIELD, "a " + type.wireName() + " about a lineage: " + head);
    }
    return head;
  }
}
