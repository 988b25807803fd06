package dev.reseal.journal;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import java.util.Objects;

/**
 * One record of the journal (protocol 9.2).
 *
 * @param seq one above that of the record before
 * @param wallMs milliseconds since 1970, for people only
 * @param lineage 16 bytes
 * @param opId 16 bytes; zeros outside an operation
 * @param phase 0 to 15, the number of protocol 9.1; 0 outside a phase
 * @param payload keys of {@link Fact}; no secret
 */
public record Entry(
    long seq, long wallMs, Bytes lineage, Bytes opId, int phase, Edge edge, Cbor.Map payload) {

  /** How far the work of a phase has come. */
  public enum Edge {
    INTENT(0),
    DONE(1),
    FAILED(2);

    private final int number;

    Edge(int number) {
      this.number = number;
    }

    static Edge of(long number) {
      return number == 0 ? INTENT : number == 1 ? DONE : FAILED;
    }
  }

  public Entry {
    Objects.requireNonNull(edge);
    if (lineage.size() != 16 || opId.size() != 16 || phase < 0 || phase > 15 || seq < 0) {
      throw new IllegalArgumentException("not a journal entry: phase " + phase + ", seq " + seq);
    }
  }

  Bytes encode() {
    return Cbor.array(
            Cbor.of(seq),
            Cbor.of(wallMs),
            Cbor.of(lineage),
            Cbor.of(opId),
            Cbor.of(phase),
            Cbor.of(edge.number),
            payload)
        .encode();
  }

  /** Throws {@link dev.reseal.wire.WireException} on anything but one entry. */
  static Entry decode(Bytes body) {
    Fields fields = Fields.ofArray(body, "journal entry");
    long seq = fields.uint(0);
    long wallMs = fields.uint(1);
    Bytes lineage = fields.bytes(2, 16);
    Bytes opId = fields.bytes(3, 16);
    int phase = (int) fields.uint(4, 0, 15);
    Edge edge = Edge.of(fields.uint(5, 0, 2));
    Cbor.Map payload =
        fields.any(6) instanceof Cbor.Map map ? map : Cbor.map().with(Fact.ERROR, "payload");
    return fields.end(new Entry(seq, wallMs, lineage, opId, phase, edge, payload));
  }
}
