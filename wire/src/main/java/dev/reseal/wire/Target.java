package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import java.util.Optional;

/**
 * Who may become the successor (protocol 6.1).
 *
 * @param platformKind 1 SGX, 2 emulated
 * @param platformId SHA-256 of the PCK public key; required for migrate and recover
 */
public record Target(
    Bytes mrenclave,
    long isvProdId,
    long leastIsvSvn,
    long platformKind,
    Optional<Bytes> platformId) {

  public Cbor write() {
    return Cbor.array(
        Cbor.of(mrenclave),
        Cbor.of(isvProdId),
        Cbor.of(leastIsvSvn),
        Cbor.of(platformKind),
        Cbor.orNull(platformId));
  }

  public static Target read(Cbor item) {
    Fields fields = Fields.ofArray(item, "target");
    return fields.end(
        new Target(
            fields.bytes(0, 32),
            fields.uint(1, 0, 0xffff),
            fields.uint(2, 0, 0xffff),
            fields.uint(3, 1, 2),
            fields.bytesOrNull(4, 32)));
  }
}
