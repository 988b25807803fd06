package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Image;
import dev.reseal.platform.Refusal;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.SigStruct;
import dev.reseal.sgx.SignatureCheck;

/** What EINIT and the driver ask of a SIGSTRUCT before an enclave may run. */
final class Einit {
  private static final long KNOWN_FLAGS = Attributes.DEBUG | Attributes.MODE64BIT | Attributes.KSS;

  private Einit() {}

  /** The identity that the enclave will have, if it measures as the structure says. */
  static EnclaveIdentity identity(Bytes encoded, Image image) throws RefusedException {
    SigStruct.Body body;
    SigStruct sigStruct;
    try {
      sigStruct = SigStruct.parse(encoded);
      body = sigStruct.body();
    } catch (MalformedException malformed) {
      throw refused(String.valueOf(malformed.getMessage()));
    }
    switch (sigStruct.check()) {
      case SignatureCheck.Forged(var part) -> throw refused(part.text());
      case SignatureCheck.Genuine _ -> {}
    }
    Attributes attributes = body.attributes();
    if ((attributes.flags() & ~KNOWN_FLAGS) != 0 || !attributes.has(Attributes.MODE64BIT)) {
      throw refused("attributes " + attributes + " are not allowed here (no PROVISIONKEY device)");
    }
    if (attributes.xfrm() != Attributes.XFRM_LEGACY || body.miscSelect() != 0) {
      throw refused("XFRM or MISCSELECT asks for what this processor lacks");
    }
    if (body.isvProdId() != image.isvProdId() || body.isvSvn() != image.isvSvn()) {
      throw refused(
          "signs ISVPRODID %d ISVSVN %d, the image declares %d and %d"
              .formatted(body.isvProdId(), body.isvSvn(), image.isvProdId(), image.isvSvn()));
    }
    return EnclaveIdentity.initialised(sigStruct);
  }

  private static RefusedException refused(String found) {
    return new RefusedException(Refusal.SIGSTRUCT, "EINIT: SIGSTRUCT: " + found);
  }
}
