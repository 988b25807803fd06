package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Hkdf;
import dev.reseal.wire.X25519;

/** What is derived from the DEK of one container (protocol 5.3 to 5.5). */
public final class StreamKeys implements AutoCloseable {
  private static final Bytes ZERO = Bytes.zeros(1);

  private final Secret sprk;
  private final X25519.Pair opening;

  private StreamKeys(Secret sprk) {
    this.sprk = sprk;
    this.opening = X25519.Pair.of(Hkdf.expand(sprk, Bytes.ascii("reseal/v1/open"), 32));
  }

  public static StreamKeys derive(Bytes streamSalt, Secret dek) {
    return new StreamKeys(Hkdf.extract(streamSalt, dek));
  }

  /** {@code pk_open}: the commitment to the DEK. */
  public Bytes pkOpen() {
    return opening.publicKey();
  }

  /** The pair to which {@code z} of a grant is encrypted. */
  public X25519.Pair opening() {
    return opening;
  }

  /** 39 bytes: AES-256-GCM key and nonce prefix of a round. */
  Secret round(Bytes coreDigest, int round) {
    Bytes info = Bytes.concat(Bytes.ascii("reseal/v1/seg"), ZERO, coreDigest, Bytes.u32(round));
    return Hkdf.expand(sprk, info, 39);
  }

  Bytes footerMac(Bytes coreDigest, Bytes macInput) {
    Bytes info = Bytes.concat(Bytes.ascii("reseal/v1/footer"), ZERO, coreDigest);
    try (Secret key = Hkdf.expand(sprk, info, 32)) {
      return Hkdf.hmac(key, macInput);
    }
  }

  /** Protocol 5.3: proof of having opened the container. */
  public static Bytes openingProof(
      Secret z, Bytes opId, long fence, Bytes instanceId, Bytes newSlotDigest) {
    Bytes rest = Bytes.concat(opId, Bytes.u64(fence), instanceId, newSlotDigest);
    return z.use(bytes -> Digests.of("reseal/v1/opened", Bytes.of(bytes), rest));
  }

  @Override
  public void close() {
    sprk.close();
    opening.close();
  }
}
