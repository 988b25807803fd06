package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.VerifyKey;
import java.util.List;
import java.util.Optional;

/**
 * What is measured into the image, and the lineage and operation that advice names (protocol 23.3).
 *
 * @param authority one or two keys {@code K_A}
 * @param policyDigest if the image fixes its policy
 * @param lineage bound by claims and grants; 16 bytes
 */
public record Trust(List<VerifyKey> authority, Optional<Bytes> policyDigest, Bytes lineage) {
  public Trust {
    authority = List.copyOf(authority);
    if (authority.isEmpty() || authority.size() > 2) {
      throw new IllegalArgumentException(
          authority.size() + " authority keys are measured, one or two expected");
    }
  }
}
