package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import java.util.List;
import java.util.Optional;

/**
 * Field 12 of a log entry: one event of the register (protocol 6.1, 7).
 *
 * @param name of the event, as in spec/register.vec; {@code "destroyed"} ends a retire
 * @param operation lineage, op_id, fence and epoch after the event
 * @param gen generation after the event
 * @param state of the lineage after the event
 * @param cause SHA-256 of the message that caused it; zeros for {@code "destroyed"}
 * @param bodyId the state that was registered or activated
 * @param instanceId whom the event is about
 */
public record LogEvent(
    String name,
    Head operation,
    long gen,
    String state,
    Bytes cause,
    Optional<Bytes> bodyId,
    Optional<Bytes> instanceId,
    List<Bytes> wrapIds,
    List<Long> gens) {
  public LogEvent {
    wrapIds = List.copyOf(wrapIds);
    gens = List.copyOf(gens);
  }

  public Bytes encode() {
    return Cbor.map()
        .with(1, name)
        .with(2, operation.lineage())
        .with(3, operation.opId())
        .with(4, operation.fence())
        .with(5, operation.epoch())
        .with(6, gen)
        .with(7, state)
        .with(8, cause)
        .with(9, bodyId)
        .with(10, instanceId)
        .with(11, Cbor.array(wrapIds, Cbor::of))
        .with(12, Cbor.array(gens, Cbor::of))
        .encode();
  }

  public static LogEvent decode(Bytes encoded) {
    Fields in = Fields.ofMap(encoded, "event");
    return in.end(
        new LogEvent(
            in.text(1),
            new Head(in.bytes(2, 16), in.bytes(3, 16), in.uint(4), in.uint(5)),
            in.uint(6),
            in.text(7),
            in.bytes(8, 32),
            in.bytesOrNull(9, 32),
            in.bytesOrNull(10, 32),
            in.listOfBytes(11, 0, Limits.LIST, 32),
            in.listOfNumbers(12, 0, Limits.LIST)));
  }
}
