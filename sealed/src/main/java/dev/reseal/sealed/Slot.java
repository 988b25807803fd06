package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Hpke;
import dev.reseal.wire.HpkeInfo;
import dev.reseal.wire.WireException;
import java.util.List;
import java.util.Optional;

/**
 * One way to open a container (protocol 5.3).
 *
 * @param encodedHeader the header as received; what digests and keys are bound to
 * @param share {@code S_auth} encrypted to the wrap key
 * @param wrappedDek 48 bytes
 */
public record Slot(Header header, Bytes encodedHeader, Hpke.Box share, Bytes wrappedDek) {
  public static final int AUTHORITY_AND_PLATFORM = 1;
  public static final int AUTHORITY = 2;

  /**
   * What the keys of a slot are bound to.
   *
   * @param wrapper instance_id of who made the slot
   * @param opId and {@code fence}: those used in the HPKE info
   */
  public record Header(
      int type,
      Bytes wrapId,
      Bytes wrapper,
      Optional<Bytes> keyRequest,
      Optional<Bytes> platCheck,
      Bytes opId,
      long fence) {
    public Bytes encode() {
      return Cbor.map()
          .with(1, type)
          .with(2, wrapId)
          .with(3, wrapper)
          .with(4, keyRequest)
          .with(5, platCheck)
          .with(6, opId)
          .with(7, fence)
          .encode();
    }

    private static Header decode(Bytes encoded) {
      Fields fields = Fields.ofMap(encoded, "slot header");
      return fields.end(
          new Header(
              (int) fields.uint(1, 1, 2),
              fields.bytes(2, 32),
              fields.bytes(3, 32),
              fields.bytesOrNull(4, 512),
              fields.bytesOrNull(5, 16),
              fields.bytes(6, 16),
              fields.uint(7)));
    }
  }

  /** SHA-256 of the header as received. */
  public Bytes headerDigest() {
    return encodedHeader.sha256();
  }

  /** The HPKE info of the share. */
  public Bytes shareInfo(Bytes lineage, Bytes coreDigest) {
    return new HpkeInfo(lineage, header.opId(), header.fence())
        .share(header.wrapId(), coreDigest, headerDigest());
  }

  private Cbor write() {
    return Cbor.map()
        .with(0, encodedHeader)
        .with(1, share.enc())
        .with(2, share.ct())
        .with(3, wrappedDek);
  }

  private static Slot read(Cbor item) {
    Fields fields = Fields.ofMap(item, "slot");
    Bytes encodedHeader = fields.blob(0, 1024);
    return fields.end(
        new Slot(
            Header.decode(encodedHeader),
            encodedHeader,
            new Hpke.Box(fields.bytes(1, 32), fields.bytes(2, 48)),
            fields.bytes(3, 48)));
  }

  public static Bytes encode(List<Slot> slots) {
    return Cbor.array(slots, Slot::write).encode();
  }

  /** One or two slots, at most one of each type; rule STRUCTURE for anything else. */
  public static List<Slot> decode(Bytes encoded) {
    try {
      Cbor wrapped = Cbor.array(Cbor.decode(encoded));
      List<Slot> slots = Fields.ofArray(wrapped, "slots").list(0, 1, 2, each -> read(each.any(0)));
      if (slots.size() == 2 && slots.get(0).header.type() == slots.get(1).header.type()) {
        throw new WireException(WireException.Rule.FIELD, "two slots of one type");
      }
      return slots;
    } catch (WireException refused) {
      throw ContainerException.structure("slots", refused);
    }
  }

  public static Bytes digest(Bytes encodedSlots) {
    return Digests.slots(encodedSlots);
  }
}
