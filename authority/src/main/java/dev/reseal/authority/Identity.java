package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import dev.reseal.wire.VerifyKey;

/**
 * An attested instance: the keys of its claims and what the evidence says it is.
 *
 * @param kemKey raw X25519 key
 * @param platformKind 1 SGX, 2 emulated
 * @param platformId SHA-256 of the PCK public key
 * @param relaxed whether its platform's TCB is accepted though not up to date
 */
public record Identity(
    Bytes instanceId,
    VerifyKey signatureKey,
    Bytes kemKey,
    Bytes tlsKeyDigest,
    Bytes mrenclave,
    long isvProdId,
    long isvSvn,
    long platformKind,
    Bytes platformId,
    boolean relaxed) {

  /** As judged anew. */
  Identity relaxed(boolean now) {
    return new Identity(
        instanceId,
        signatureKey,
        kemKey,
        tlsKeyDigest,
        mrenclave,
        isvProdId,
        isvSvn,
        platformKind,
        platformId,
        now);
  }

  Cbor write() {
    return Cbor.map()
        .with(1, instanceId)
        .with(2, signatureKey.spki())
        .with(3, kemKey)
        .with(4, tlsKeyDigest)
        .with(5, mrenclave)
        .with(6, isvProdId)
        .with(7, isvSvn)
        .with(8, platformKind)
        .with(9, platformId)
        .with(10, relaxed);
  }

  static Identity read(Fields in) {
    return in.end(
        new Identity(
            in.bytes(1, 32),
            new VerifyKey(in.bytes(2, VerifyKey.SPKI_SIZE)),
            in.bytes(3, 32),
            in.bytes(4, 32),
            in.bytes(5, 32),
            in.uint(6),
            in.uint(7),
            in.uint(8, 1, 2),
            in.bytes(9, 32),
            in.bool(10)));
  }
}
