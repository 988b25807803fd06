package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Call;
import dev.reseal.lifecycle.Event;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Limits;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Status;

/**
 * What is posted for a call and what its answer means; one reading for the host and for the
 * simulated world.
 */
public final class Answers {
  private static final Bytes NO_OP = Bytes.zeros(16);

  private Answers() {}

  /** What the authority answered a call: for a begun operation its op_id and fence with it. */
  public static Event answered(Call call, Bytes body) {
    if (call != Call.BEGIN && call != Call.TAKEOVER) {
      return new Event.Answered(call, NO_OP, 0, body);
    }
    if (body.size() > 0 && body.at(0) == (byte) 0xd2) {
      Fields head = Fields.ofMap(Cose.parse(body, Limits.MESSAGE).payload(), "answer");
      return new Event.Answered(call, head.bytes(4, 16), head.uint(5), body);
    }
    Status.Operation row = Status.decode(body).operation();
    return new Event.Answered(call, row.opId(), row.fence(), body);
  }

  /** The message type under which a call is posted; the three that only ask have none. */
  public static String path(Call call) {
    return switch (call) {
      case BEGIN, ABORT, TAKEOVER, RETIRE -> MessageType.REQUEST.wireName();
      case REGISTER -> MessageType.SEAL_RECEIPT.wireName();
      case GRANT -> MessageType.GRANT_REQUEST.wireName();
      case ACTIVATE -> MessageType.READY.wireName();
      case CHALLENGE, FETCH_ACTIVATION, FETCH_ABORT ->
          throw new IllegalArgumentException(call + " is not a message");
    };
  }
}
