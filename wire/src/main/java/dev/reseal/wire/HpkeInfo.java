package dev.reseal.wire;

import dev.reseal.bytes.Bytes;

/**
 * The {@code info} of every HPKE box of the protocol (protocol 4): purpose, lineage, operation,
 * fence, recipient and context, each of fixed length for its purpose.
 */
public record HpkeInfo(Bytes lineage, Bytes opId, long fence) {
  private static final Bytes ZERO = Bytes.zeros(1);

  public HpkeInfo {
    require(lineage, 16, "lineage");
    require(opId, 16, "op_id");
  }

  public static HpkeInfo of(Head head) {
    return new HpkeInfo(head.lineage(), head.opId(), head.fence());
  }

  /** {@code S_auth} to a wrap key or transfer key. */
  public Bytes share(Bytes wrapId, Bytes coreDigest, Bytes slotHeaderDigest) {
    return info("share", wrapId, digest(coreDigest), digest(slotHeaderDigest));
  }

  /** The authority's halves to a candidate; both digests are zeros for genesis. */
  public Bytes grant(Bytes instanceId, Bytes coreDigest, Bytes slotDigest) {
    return info("grant", instanceId, digest(coreDigest), digest(slotDigest));
  }

  /** {@code z} to the opening key of a container. */
  public Bytes open(Bytes pkOpen, Bytes coreDigest, Bytes instanceId) {
    return info("open", pkOpen, digest(coreDigest), digest(instanceId));
  }

  public Bytes keyset(Bytes instanceId, long epoch, long gen) {
    return info("keyset", instanceId, Bytes.u64(epoch), Bytes.u64(gen));
  }

  public Bytes rekey(Bytes instanceId, long epoch, long gen) {
    return info("rekey", instanceId, Bytes.u64(epoch), Bytes.u64(gen));
  }

  private Bytes info(String purpose, Bytes recipient, Bytes context1, Bytes context2) {
    return Bytes.concat(
        Bytes.ascii("reseal/v1/hpke/" + purpose),
        ZERO,
        lineage,
        opId,
        Bytes.u64(fence),
        digest(recipient),
        context1,
        context2);
  }

  private static Bytes digest(Bytes value) {
    return require(value, 32, "digest");
  }

  private static Bytes require(Bytes value, int size, String what) {
    if (value.size() != size) {
      throw new IllegalArgumentException(what + " of " + value.size() + " bytes, not " + size);
    }
    return value;
  }
}
