package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import java.util.Optional;

/**
 * 15: the authority's short-lived word that this instance is the active one (protocol 6.4).
 *
 * @param instanceKey SPKI of {@code pk_sig}
 * @param tlsKeyDigest SHA-256 of the SPKI of {@code pk_tls}
 * @param stateHead the registered head
 * @param platformKind 1 SGX, 2 emulated
 * @param notBefore milliseconds since 1970
 * @param notAfter milliseconds since 1970
 * @param flags the {@code FLAG_} bits
 * @param nonce of the relying party, in an online passport
 */
public record Passport(
    Head head,
    Bytes instanceId,
    VerifyKey instanceKey,
    Bytes tlsKeyDigest,
    long gen,
    Bytes stateHead,
    Bytes mrenclave,
    long platformKind,
    long notBefore,
    long notAfter,
    long flags,
    Bytes logHead,
    Optional<Bytes> nonce)
    implements Message {
  public static final long FLAG_TAKEOVER = 1;
  public static final long FLAG_RECOVERED = 2;
  public static final long FLAG_GENERATION_LAGGING = 4;
  public static final long FLAG_RELAXED_TCB = 8;
  public static final long FLAG_DEMO_POLICY = 16;

  static Passport read(Head head, Fields fields) {
    return new Passport(
        head,
        fields.bytes(10, 32),
        new VerifyKey(fields.bytes(11, VerifyKey.SPKI_SIZE)),
        fields.bytes(12, 32),
        fields.uint(13),
        fields.bytes(14, 32),
        fields.bytes(15, 32),
        fields.uint(16, 1, 2),
        fields.uint(17),
        fields.uint(18),
        fields.uint(19, 0, 31),
        fields.blob(20, Limits.CORE),
        fields.bytesOrNull(21, 32));
  }

  @Override
  public Cbor.Map write(Cbor.Map map) {
    return map.with(10, instanceId)
        .with(11, instanceKey.spki())
        .with(12, tlsKeyDigest)
        .with(13, gen)
        .with(14, stateHead)
        .with(15, mrenclave)
        .with(16, platformKind)
        .with(17, notBefore)
        .with(18, notAfter)
        .with(19, flags)
        .with(20, logHead)
        .with(21, nonce);
  }
}
