package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.wire.Code;
import dev.reseal.wire.WireError;
import java.util.Optional;

/** Whether a policy admits an enclave, whoever runs it (protocol 6.2): one rule for all who ask. */
public final class Admission {
  private static final long NEVER =
      Attributes.DEBUG | Attributes.PROVISIONKEY | Attributes.EINITTOKENKEY;

  private Admission() {}

  /** Why not, with the policy line that would allow it where one could; empty if it is admitted. */
  public static Optional<WireError> denial(Policy policy, EnclaveIdentity identity) {
    try {
      require(policy, identity);
      return Optional.empty();
    } catch (Denied denied) {
      return Optional.of(denied.error());
    }
  }

  /** Where in {@code allowed} the entry is that admits it, which {@link #denial} finds admitted. */
  public static String by(Policy policy, EnclaveIdentity identity) {
    Policy.Allowed allowed =
        policy.allows(identity.mrEnclave(), identity.isvProdId()).orElseThrow();
    return "allowed[" + policy.allowed().indexOf(allowed) + "]";
  }

  static void require(Policy policy, EnclaveIdentity identity) {
    Attributes attributes = identity.attributes();
    Denied.unless(
        (attributes.flags() & NEVER) == 0,
        Code.PLATFORM_REFUSED,
        "ATTRIBUTES",
        "an enclave with " + attributes.and(new Attributes(NEVER, 0)).names());
    Policy.Allowed allowed =
        policy
            .allows(identity.mrEnclave(), identity.isvProdId())
            .orElseThrow(() -> measurement(identity));
    Denied.unless(
        attributes.has(Attributes.INIT),
        Code.PLATFORM_REFUSED,
        "ATTRIBUTES",
        "an enclave that was not initialised");
    if (!attributes.and(allowed.attributeMask()).equals(attributes)) {
      throw Denied.of(
              Code.PLATFORM_REFUSED,
              "ATTRIBUTES",
              "attributes " + attributes + " beyond the mask " + allowed.attributeMask())
          .allow("\"attribute_mask\": \"" + wider(allowed.attributeMask(), attributes) + "\"");
    }
    Denied.unless(
        identity.configSvn() == 0
            && identity.isvFamilyId().allZero()
            && identity.isvExtProdId().allZero(),
        Code.MEASUREMENT_REFUSED,
        "CONFIGID",
        "CONFIGSVN or a family id is not zero, which no policy allows");
    if (!identity.configId().equals(allowed.configId())) {
      throw Denied.of(Code.MEASUREMENT_REFUSED, "CONFIGID", "CONFIGID is not " + allowed.configId())
          .allow("\"configid\": \"" + identity.configId() + "\"");
    }
    if (identity.isvSvn() < allowed.leastIsvSvn()) {
      throw svn(identity.isvSvn(), allowed.leastIsvSvn());
    }
  }

  private static Bytes wider(Attributes mask, Attributes found) {
    return new Attributes(mask.flags() | found.flags(), mask.xfrm() | found.xfrm()).encode();
  }

  static Denied svn(long found, long least) {
    return Denied.of(
            Code.MEASUREMENT_REFUSED,
            "ISVSVN",
            "ISVSVN " + found + ", at least " + least + " needed")
        .allow("\"least_isvsvn\": " + found);
  }

  private static Denied measurement(EnclaveIdentity identity) {
    return Denied.of(
            Code.MEASUREMENT_REFUSED,
            "policy does not allow measurement "
                + identity.mrEnclave()
                + " with ISVPRODID "
                + identity.isvProdId())
        .allow(line(identity.mrEnclave(), identity.isvProdId(), identity.isvSvn()));
  }

  /** The entry of {@code allowed} in a policy file that admits this identity and newer. */
  static String line(Bytes mrenclave, long isvProdId, long isvSvn) {
    return "\"allowed\": [{\"mrenclave\": \"%s\", \"isvprodid\": %d, \"least_isvsvn\": %d}]"
        .formatted(mrenclave, isvProdId, isvSvn);
  }
}
