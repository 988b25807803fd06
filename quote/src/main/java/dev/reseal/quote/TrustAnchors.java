package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.util.Set;

/**
 * The roots that are trusted, by the SHA-256 of their public key (SubjectPublicKeyInfo, DER): a
 * root certificate may be encoded anew, its key stays.
 */
public record TrustAnchors(Set<Bytes> keys) {
  private static final Bytes INTEL_POINT =
      Bytes.hex(
          "0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5"
              + "67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394");

  /** Intel's production SGX root. */
  public static final Bytes INTEL_KEY = Bytes.sha256(P256.SPKI_PREFIX, INTEL_POINT);

  public static final TrustAnchors INTEL = new TrustAnchors(Set.of(INTEL_KEY));

  public TrustAnchors {
    keys = Set.copyOf(keys);
  }

  /** Only the key of the root certificate in {@code pem}, for a PKI of one's own. */
  public static TrustAnchors ofPem(Bytes pem) throws MalformedException {
    var chain = Certificate.chain("root certificate", pem, 1);
    if (!chain.getFirst().selfIssued()) {
      throw new MalformedException(
          "root certificate",
          0,
          "issuer " + chain.getFirst().issuer(),
          "a self-issued certificate");
    }
    return new TrustAnchors(Set.of(chain.getFirst().keyId()));
  }

  boolean trusts(Certificate root) {
    return keys.contains(root.keyId());
  }
}
