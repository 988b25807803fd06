package dev.reseal.wire;

import dev.reseal.bytes.Bytes;

/** The named digests of the protocol, each over a label, a zero byte and its parts. */
public final class Digests {
  private static final Bytes ZERO = Bytes.zeros(1);

  private Digests() {}

  /** Protocol 4: an instance is named by the keys it made at birth. */
  public static Bytes instanceId(VerifyKey signature, Bytes kem, VerifyKey tls) {
    Cbor keys = Cbor.array(Cbor.of(signature.spki()), Cbor.of(kem), Cbor.of(tls.spki()));
    return of("reseal/v1/instance", keys.encode());
  }

  /** Protocol 5.3. */
  public static Bytes slots(Bytes slots) {
    return of("reseal/v1/slots", slots);
  }

  /** Protocol 5.5: the identity of a state. */
  public static Bytes body(Bytes core, Bytes footer) {
    return of("reseal/v1/body", Bytes.u32(core.size()), core, Bytes.u32(footer.size()), footer);
  }

  /** Protocol 5.5. */
  public static Bytes head(Bytes bodyId, Bytes slotDigest) {
    return of("reseal/v1/head", bodyId, slotDigest);
  }

  /** Protocol 14.2: hash of the log with an entry of that payload digest as its newest. */
  public static Bytes log(Bytes previous, Bytes payloadDigest) {
    return of("reseal/v1/log", previous, payloadDigest);
  }

  /** A label, a zero byte and the parts. */
  public static Bytes of(String label, Bytes... parts) {
    return Bytes.sha256(Bytes.ascii(label), ZERO, Bytes.concat(parts));
  }
}
