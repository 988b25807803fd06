package dev.reseal.wire;

import dev.reseal.wire.WireException.Rule;

/** The message types of protocol 6.1: number, name, record and reader. */
public enum MessageType implements Numbered {
  REQUEST(1, "request", Request.class),
  TICKET(2, "ticket", AuthorityMessage.Ticket.class),
  OPEN(3, "open", InstanceMessage.Open.class),
  SEAL_RECEIPT(4, "seal-receipt", InstanceMessage.SealReceipt.class),
  CHECKPOINT(5, "checkpoint", InstanceMessage.Checkpoint.class),
  CHECKPOINT_ACK(6, "checkpoint-ack", AuthorityMessage.CheckpointAck.class),
  CHALLENGE(7, "challenge", AuthorityMessage.Challenge.class),
  GRANT_REQUEST(8, "grant-request", InstanceMessage.GrantRequest.class),
  GRANT(9, "grant", AuthorityMessage.Grant.class),
  READY(10, "ready", InstanceMessage.Ready.class),
  ACTIVATION(11, "activation", AuthorityMessage.Activation.class),
  ABORT(12, "abort", AuthorityMessage.Abort.class),
  REKEY_GRANT(13, "rekey-grant", AuthorityMessage.RekeyGrant.class),
  RENEW(14, "renew", InstanceMessage.Renew.class),
  PASSPORT(15, "passport", Passport.class),
  RETIRED(16, "retired", AuthorityMessage.Retired.class),
  LOG_ENTRY(17, "log-entry", LogMessage.Entry.class),
  LOG_HEAD(18, "log-head", LogMessage.LogHead.class),
  PROOF(19, "proof", LogMessage.Proof.class);

  private final int number;
  private final String wireName;
  private final Class<? extends Message> record;

  MessageType(int number, String wireName, Class<? extends Message> record) {
    this.number = number;
    this.wireName = wireName;
    this.record = record;
  }

  @Override
  public int number() {
    return number;
  }

  /** The name in paths and in the external aad, such as {@code "seal-receipt"}. */
  public String wireName() {
    return wireName;
  }

  /** The largest whole message, in bytes. */
  public int most() {
    return this == GRANT_REQUEST ? Limits.GRANT_REQUEST : Limits.MESSAGE;
  }

  public static MessageType of(long number) {
    return Numbered.of(values(), number, "message type");
  }

  public static MessageType named(String wireName) {
    for (MessageType type : values()) {
      if (type.wireName.equals(wireName)) {
        return type;
      }
    }
    throw new WireException(Rule.FIELD, "no message type \"" + wireName + "\"");
  }

  static MessageType of(Class<? extends Message> record) {
    for (MessageType type : values()) {
      if (type.record.equals(record)) {
        return type;
      }
    }
    throw new IllegalArgumentException(record + " is not the record of a message type");
  }

  Message read(Head head, Fields fields) {
    return switch (this) {
      case REQUEST -> Request.read(head, fields);
      case TICKET -> AuthorityMessage.Ticket.read(head, fields);
      case OPEN -> InstanceMessage.Open.read(head, fields);
      case SEAL_RECEIPT -> InstanceMessage.SealReceipt.read(head, fields);
      case CHECKPOINT -> InstanceMessage.Checkpoint.read(head, fields);
      case CHECKPOINT_ACK -> AuthorityMessage.CheckpointAck.read(head, fields);
      case CHALLENGE -> AuthorityMessage.Challenge.read(head, fields);
      case GRANT_REQUEST -> InstanceMessage.GrantRequest.read(head, fields);
      case GRANT -> AuthorityMessage.Grant.read(head, fields);
      case READY -> InstanceMessage.Ready.read(head, fields);
      case ACTIVATION -> AuthorityMessage.Activation.read(head, fields);
      case ABORT -> AuthorityMessage.Abort.read(head, fields);
      case REKEY_GRANT -> AuthorityMessage.RekeyGrant.read(head, fields);
      case RENEW -> InstanceMessage.Renew.read(head, fields);
      case PASSPORT -> Passport.read(head, fields);
      case RETIRED -> AuthorityMessage.Retired.read(head, fields);
      case LOG_ENTRY -> LogMessage.Entry.read(head, fields);
      case LOG_HEAD -> LogMessage.LogHead.read(head, fields);
      case PROOF -> LogMessage.Proof.read(head, fields);
    };
  }
}
