package dev.reseal.wire;

import dev.reseal.bytes.Bytes;

/** The payload of a signed message (protocol 6.1). */
public sealed interface Message
    permits Request, InstanceMessage, AuthorityMessage, Passport, LogMessage {
  Head head();

  /** The fields beyond the head. */
  Cbor.Map write(Cbor.Map head);

  default MessageType type() {
    return MessageType.of(getClass());
  }

  /** The deterministic CBOR that is signed. */
  default Bytes payload() {
    return write(head().map(type())).encode();
  }

  /** Reads a payload strictly as that type. */
  static Message decode(MessageType type, Bytes payload) {
    Fields fields = Fields.ofMap(payload, type.wireName());
    Message message = type.read(Head.read(type, fields), fields);
    return fields.end(message);
  }
}
