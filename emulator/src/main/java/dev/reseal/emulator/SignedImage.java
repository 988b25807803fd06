package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Image;
import dev.reseal.platform.Refusal;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.SigStruct;

/** Checks a host's SIGSTRUCT for an image before anything is copied or started. */
final class SignedImage {
  private static final long KNOWN_FLAGS = Attributes.DEBUG | Attributes.MODE64BIT | Attributes.KSS;

  private SignedImage() {}

  /**
   * The identity of the image's instances, provided that it measures as the structure says: that is
   * checked against the copy later.
   */
  static EnclaveIdentity identity(Bytes encoded, Image image) throws RefusedException {
    SigStruct sigStruct;
    try {
      sigStruct = SigStruct.parse(encoded);
    } catch (MalformedException malformed) {
      throw refused(String.valueOf(malformed.getMessage()));
    }
    SigStruct.Body body = sigStruct.body();
    Attributes attributes = body.attributes();
    if ((attributes.flags() & ~KNOWN_FLAGS) != 0 || !attributes.has(Attributes.MODE64BIT)) {
      throw refused("attributes " + attributes + " are not allowed here (no provision device)");
    }
    if (attributes.xfrm() != Attributes.XFRM_LEGACY || body.miscSelect() != 0) {
      throw refused("XFRM or MISCSELECT asks for what this processor lacks");
    }
    if (body.isvProdId() != image.isvProdId() || body.isvSvn() != image.isvSvn()) {
      throw refused(
          "signs ISVPRODID %d ISVSVN %d, the image declares %d and %d"
              .formatted(body.isvProdId(), body.isvSvn(), image.isvProdId(), image.isvSvn()));
    }
    Einit.Control secs = new Einit.Control(body.enclaveHash(), attributes, 0, Bytes.zeros(64), 0);
    return switch (Einit.run(secs, sigStruct)) {
      case Einit.Result.Initialised(EnclaveIdentity identity) -> identity;
      case Einit.Result.Refused why ->
          throw new RefusedException(Refusal.SIGSTRUCT, why.toString());
    };
  }

  private static RefusedException refused(String found) {
    return new RefusedException(Refusal.SIGSTRUCT, "SIGSTRUCT: " + found);
  }
}
