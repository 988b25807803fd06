package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.KeyRequest;

/**
 * The 280 bytes that a seal, provisioning or launch key is derived from ({@code dd_seal_key_t}).
 */
final class Derivation {
  /** In the key whatever the mask says, so that a debug enclave never shares a production key. */
  private static final long ALWAYS = Attributes.INIT | Attributes.DEBUG;

  private Derivation() {}

  static Bytes of(EnclaveIdentity self, KeyRequest request, Bytes ownerEpoch) {
    Attributes mask = request.attributeMask();
    Attributes masked = mask.with(ALWAYS).and(self.attributes());
    boolean config = request.binds(KeyRequest.POLICY_CONFIGID);
    boolean product = !request.binds(KeyRequest.POLICY_NOISVPRODID);
    return new LittleEndian(280)
        .u16(request.keyName())
        .u16(request.keyPolicy())
        .skip(4)
        .bytes(masked.encode())
        .bytes(mask.encode())
        .u32(request.miscMask() & self.miscSelect())
        .u32(~request.miscMask())
        .bytes(ownerEpoch)
        .bytes(request.cpuSvn())
        .u16(request.isvSvn())
        .u16(product ? self.isvProdId() : 0)
        .u16(config ? request.configSvn() : 0)
        .bytes(config, self.configId())
        .bytes(request.binds(KeyRequest.POLICY_ISVFAMILYID), self.isvFamilyId())
        .bytes(request.binds(KeyRequest.POLICY_ISVEXTPRODID), self.isvExtProdId())
        .bytes(request.binds(KeyRequest.POLICY_MRENCLAVE), self.mrEnclave())
        .bytes(request.binds(KeyRequest.POLICY_MRSIGNER), self.mrSigner())
        .bytes(request.keyId())
        .done();
  }
}
