package dev.reseal.cli;

import dev.reseal.authority.Admission;
import dev.reseal.authority.Policy;
import dev.reseal.authority.PolicyFile;
import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.wire.WireError;
import java.util.Optional;

/** The entry of {@code allowed} in a policy file that is written for one identity and newer. */
record PolicyLine(String text) {
  static PolicyLine of(EnclaveIdentity identity) {
    String configId =
        identity.configId().allZero() ? "" : ", \"configid\": \"" + identity.configId() + "\"";
    return new PolicyLine(
        "{\"mrenclave\": \"%s\", \"isvprodid\": %d, \"least_isvsvn\": %d%s}"
            .formatted(identity.mrEnclave(), identity.isvProdId(), identity.isvSvn(), configId));
  }

  /**
   * Why an authority does not admit {@code identity} under a policy file that allows nothing but
   * this line.
   */
  Optional<String> denies(EnclaveIdentity identity) {
    String file =
        """
        {"version": 1, "lineages": [{"name": "inspect", "lineage": "01010101010101010101010101010101",
         "env": "prod", "binding": "enclave", "recovery": "none", "rpo_updates": null,
         "state_max": 1, "purposes": ["inspect"], "platforms": [], "operators": [],
         "supervisors": [], "allowed": [%s]}]}
        """
            .formatted(text);
    Policy policy = PolicyFile.parse(Bytes.ascii(file)).getFirst();
    return Admission.denial(policy, identity).map(WireError::detail);
  }
}
