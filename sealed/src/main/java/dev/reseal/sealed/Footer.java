package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Limits;
import dev.reseal.wire.WireException;
import java.util.List;

/**
 * What is true when a container is finished (protocol 5.5).
 *
 * @param mac over {@link #macInput}
 * @param gen generation installed in the sealer
 * @param genFloor oldest generation that this state depends on
 */
public record Footer(List<Round> rounds, Bytes mac, long seq, long gen, long genFloor) {

  /** Segments, plaintext bytes and ct_root of a round. */
  public record Round(long segments, long plaintextBytes, Bytes ctRoot) {
    Cbor write() {
      return Cbor.array(Cbor.of(segments), Cbor.of(plaintextBytes), Cbor.of(ctRoot));
    }

    static Round read(Cbor item) {
      Fields fields = Fields.ofArray(item, "round");
      return fields.end(
          new Round(fields.uint(0, 1, Integer.MAX_VALUE), fields.uint(1), fields.bytes(2, 32)));
    }
  }

  public Footer {
    rounds = List.copyOf(rounds);
  }

  public Bytes encode() {
    return map().with(2, mac).encode();
  }

  /** The footer without its mac. */
  public Bytes macInput() {
    return map().encode();
  }

  private Cbor.Map map() {
    return Cbor.map()
        .with(1, Cbor.array(rounds, Round::write))
        .with(3, seq)
        .with(4, gen)
        .with(5, genFloor);
  }

  /** Throws {@link ContainerException} with rule STRUCTURE for anything but one footer. */
  public static Footer decode(Bytes encoded) {
    try {
      Fields fields = Fields.ofMap(encoded, "footer");
      return fields.end(
          new Footer(
              fields.list(1, 1, Limits.ROUNDS, each -> Round.read(each.any(0))),
              fields.bytes(2, 32),
              fields.uint(3),
              fields.uint(4),
              fields.uint(5)));
    } catch (WireException refused) {
      throw ContainerException.structure("footer", refused);
    }
  }
}
