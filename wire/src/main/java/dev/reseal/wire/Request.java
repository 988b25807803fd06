package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import java.util.List;

/**
 * 1: a request of an operator or supervisor.
 *
 * @param ask encoded {@link Ask}, as approvals signed it
 * @param approvals COSE messages of type "approval", each over SHA-256 of {@code ask}
 */
public record Request(Head head, Bytes ask, List<Bytes> approvals) implements Message {
  /** The COSE type of an approval. */
  public static final String APPROVAL = "approval";

  private static final int APPROVALS = 64;

  static Request read(Head head, Fields fields) {
    return new Request(
        head,
        fields.blob(10, Limits.MESSAGE),
        fields.list(15, 0, APPROVALS, each -> each.blob(0, 1024)));
  }

  public static Request of(Ask ask, List<Bytes> approvals) {
    return new Request(ask.head(), ask.encode(), approvals);
  }

  @Override
  public Cbor.Map write(Cbor.Map map) {
    return map.with(10, ask).with(15, Cbor.array(approvals, Cbor::of));
  }

  /** The ask; refused unless its lineage, op_id, fence and epoch are those of the head. */
  public Ask decodeAsk() {
    Ask decoded = Ask.decode(ask);
    if (!decoded.head().equals(head)) {
      throw new WireException(
          WireException.Rule.FIELD, "the ask names another operation than the request");
    }
    return decoded;
  }
}
