package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.WireException.Rule;

/**
 * What a quote of an instance stands for (protocol 6.2).
 *
 * @param nonce of the challenge, 32 bytes
 * @param kemKey raw X25519 key
 */
public record Claims(
    Bytes lineage,
    Bytes opId,
    long fence,
    Bytes nonce,
    VerifyKey signatureKey,
    Bytes kemKey,
    VerifyKey tlsKey) {
  private static final String LABEL = "reseal/v1/evidence";
  private static final String APP_LABEL = "reseal/v1/app-quote";

  public Bytes encode() {
    return Cbor.map()
        .with(1, LABEL)
        .with(2, lineage)
        .with(3, opId)
        .with(4, fence)
        .with(5, nonce)
        .with(6, signatureKey.spki())
        .with(7, kemKey)
        .with(8, tlsKey.spki())
        .encode();
  }

  public static Claims decode(Bytes encoded) {
    Fields fields = Fields.ofMap(encoded, "claims");
    if (!fields.text(1).equals(LABEL)) {
      throw new WireException(Rule.FIELD, "claims field 1 is not \"" + LABEL + "\"");
    }
    return fields.end(
        new Claims(
            fields.bytes(2, 16),
            fields.bytes(3, 16),
            fields.uint(4),
            fields.bytes(5, 32),
            new VerifyKey(fields.bytes(6, VerifyKey.SPKI_SIZE)),
            fields.bytes(7, 32),
            new VerifyKey(fields.bytes(8, VerifyKey.SPKI_SIZE))));
  }

  public Bytes instanceId() {
    return Digests.instanceId(signatureKey, kemKey, tlsKey);
  }

  /** The 64 bytes of REPORTDATA for encoded claims. */
  public static Bytes reportData(Bytes encodedClaims) {
    return reportData(encodedClaims.sha256(), LABEL);
  }

  /** The REPORTDATA of a quote that an application asks for: never passes as evidence. */
  public static Bytes appReportData(Bytes data) {
    return reportData(Bytes.sha256(Bytes.ascii(APP_LABEL), Bytes.zeros(1), data), APP_LABEL);
  }

  private static Bytes reportData(Bytes digest, String label) {
    return Bytes.concat(digest, Bytes.ascii(label), Bytes.zeros(32 - label.length()));
  }
}
