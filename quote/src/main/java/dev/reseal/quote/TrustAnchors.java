package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.PlatformKind;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The roots that are trusted, by the SHA-256 of their public key (SubjectPublicKeyInfo, DER): a
 * root certificate may be encoded anew, its key stays. What a root stands for is known from the
 * pin: a quote brings certificates of its own and can leave a mark out.
 */
public record TrustAnchors(Map<Bytes, PlatformKind> kinds) {
  private static final Bytes INTEL_POINT =
      Bytes.hex(
          "0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5"
              + "67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394");

  /** Intel's production SGX root. */
  public static final Bytes INTEL_KEY = Bytes.sha256(P256.SPKI_PREFIX, INTEL_POINT);

  public static final TrustAnchors INTEL = ofKeys(Set.of(INTEL_KEY));

  public TrustAnchors {
    kinds = Map.copyOf(kinds);
  }

  /** Roots of which only the key is known: of these, Intel's alone stands for hardware. */
  public static TrustAnchors ofKeys(Set<Bytes> keys) {
    return new TrustAnchors(
        keys.stream()
            .collect(
                Collectors.toMap(
                    Function.identity(),
                    key -> key.equals(INTEL_KEY) ? PlatformKind.SGX : PlatformKind.EMULATED)));
  }

  /**
   * Only the key of the root certificate in {@code pem}, for a PKI of one's own; emulated if that
   * certificate is marked so.
   */
  public static TrustAnchors ofPem(Bytes pem) throws MalformedException {
    Certificate root = Certificate.chain("root certificate", pem, 1).getFirst();
    if (!root.selfIssued()) {
      throw new MalformedException(
          "root certificate", 0, "issuer " + root.issuer(), "a self-issued certificate");
    }
    return new TrustAnchors(Map.of(root.keyId(), root.extensions().kind()));
  }

  boolean trusts(Certificate root) {
    return kinds.containsKey(root.keyId());
  }

  /** What a trusted {@code root} stands for. */
  PlatformKind kind(Certificate root) {
    return Objects.requireNonNull(kinds.get(root.keyId()));
  }
}
