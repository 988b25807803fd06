package dev.reseal.proof;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import dev.reseal.wire.WireException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Protocol 24: the parts in the order of {@link Collateral.Part}, bytes or null. */
public final class EncodedCollateral {
  private EncodedCollateral() {}

  public static Bytes encode(Collateral collateral) {
    return Cbor.array(List.of(Collateral.Part.values()), part -> Cbor.orNull(collateral.part(part)))
        .encode();
  }

  /** Throws {@link WireException} on anything that is not exactly that. */
  public static Collateral decode(Bytes encoded) {
    Fields fields = Fields.ofArray(encoded, "collateral");
    Map<Collateral.Part, Bytes> parts = new EnumMap<>(Collateral.Part.class);
    int at = 0;
    for (Collateral.Part part : Collateral.Part.values()) {
      fields.blobOrNull(at, Collateral.MOST_PART).ifPresent(bytes -> parts.put(part, bytes));
      at++;
    }
    return fields.end(new Collateral(parts));
  }
}
