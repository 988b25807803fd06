package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.util.Optional;

/**
 * One side of a sealing: an enclave and where it runs. What is not known is empty and makes the
 * diagnosis say so.
 *
 * @param platform any name of the processor; equal names are taken for the same fuses and owner
 * @param cpuSvn 16 bytes, the platform's current one
 */
public record SealParty(
    EnclaveIdentity identity, Optional<String> platform, Optional<Bytes> cpuSvn) {
  public SealParty {
    cpuSvn.ifPresent(bytes -> Check.size("CPUSVN", bytes, 16));
  }
}
