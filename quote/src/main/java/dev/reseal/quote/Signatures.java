package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import java.security.PublicKey;
import java.util.Optional;

/** Verifies signatures of certificates and CRLs, each fact once. */
record Signatures(P256 p256, Seen seen) {
  /** Whether {@code signed}, which many verdicts share, carries a signature by {@code issuer}. */
  boolean by(Certificate issuer, Signed signed) {
    if (!seen.remembersLinks()) {
      return verifies(issuer, signed);
    }
    Bytes fact = Bytes.sha256(issuer.point(), signed.signature(), signed.message());
    if (seen.link(fact)) {
      return true;
    }
    boolean good = verifies(issuer, signed);
    if (good) {
      seen.keepLink(fact);
    }
    return good;
  }

  /** The same for what is seen once: the certificate of a platform. */
  boolean verifies(Certificate issuer, Signed signed) {
    Optional<PublicKey> key = p256.key(issuer.point());
    return key.isPresent() && p256.verifies(key.get(), signed.message(), signed.signature());
  }
}
