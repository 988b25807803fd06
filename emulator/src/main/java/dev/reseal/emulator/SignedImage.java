package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Image;
import dev.reseal.platform.Refusal;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.SigStruct;
import java.util.SortedMap;

/** Checks a host's SIGSTRUCT for an image before anything is copied or started. */
final class SignedImage {
  private SignedImage() {}

  /**
   * The identity of the image's instances, provided that it measures as the structure says: that is
   * checked against the copy later.
   */
  static EnclaveIdentity identity(Bytes encoded, Image image, SortedMap<String, String> advice)
      throws RefusedException {
    SigStruct sigStruct;
    try {
      sigStruct = SigStruct.parse(encoded);
    } catch (MalformedException malformed) {
      throw refused(String.valueOf(malformed.getMessage()));
    }
    SigStruct.Body body = sigStruct.body();
    Attributes attributes = body.attributes();
    if (!Einit.supports(attributes, body.miscSelect()) || !attributes.has(Attributes.MODE64BIT)) {
      throw refused(
          "attributes %s, MISCSELECT %d ask for what this processor lacks (or for provisioning)"
              .formatted(attributes, body.miscSelect()));
    }
    if (body.isvProdId() != image.isvProdId() || body.isvSvn() != image.isvSvn()) {
      throw refused(
          "signs ISVPRODID %d ISVSVN %d, the image declares %d and %d"
              .formatted(body.isvProdId(), body.isvSvn(), image.isvProdId(), image.isvSvn()));
    }
    Einit.Control secs = control(body, advice);
    return switch (Einit.run(secs, sigStruct)) {
      case Einit.Result.Initialised(EnclaveIdentity identity) -> identity;
      case Einit.Result.Refused why ->
          throw new RefusedException(Refusal.SIGSTRUCT, why.toString());
    };
  }

  /** CONFIGID and CONFIGSVN are the host's to choose (transport T3), and shown in every report. */
  private static Einit.Control control(SigStruct.Body body, SortedMap<String, String> advice)
      throws RefusedException {
    String id = advice.getOrDefault("configid", "");
    String svn = advice.getOrDefault("configsvn", "");
    if (!body.attributes().has(Attributes.KSS) && !(id + svn).isEmpty()) {
      throw refused("does not ask for KSS, so there is no CONFIGID or CONFIGSVN");
    }
    if (!id.matches("([0-9a-f]{128})?") || !svn.matches("[0-9]{0,4}")) {
      throw new RefusedException(
          Refusal.DECLARATION,
          "configid '%s' configsvn '%s', expected 128 hex digits and 0 to 9999".formatted(id, svn));
    }
    return new Einit.Control(
        body.enclaveHash(),
        body.attributes(),
        0,
        id.isEmpty() ? Bytes.zeros(64) : Bytes.hex(id),
        svn.isEmpty() ? 0 : Integer.parseInt(svn));
  }

  private static RefusedException refused(String found) {
    return new RefusedException(Refusal.SIGSTRUCT, "SIGSTRUCT: " + found);
  }
}
