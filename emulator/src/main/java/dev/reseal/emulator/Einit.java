package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.SigStruct;
import dev.reseal.sgx.SignatureCheck;

/** EINIT: what the processor compares before an enclave may run, and the identity it then has. */
final class Einit {
  private static final long KNOWN_FLAGS = Attributes.DEBUG | Attributes.MODE64BIT | Attributes.KSS;

  private Einit() {}

  /** Whether this processor can do what an enclave asks for; provisioning is not among it. */
  static boolean supports(Attributes attributes, int miscSelect) {
    return (attributes.flags() & ~KNOWN_FLAGS) == 0
        && attributes.xfrm() == Attributes.XFRM_LEGACY
        && miscSelect == 0;
  }

  /** The leaf's result. */
  sealed interface Result {
    record Initialised(EnclaveIdentity identity) implements Result {}

    record Refused(LeafError error, String detail) implements Result {
      @Override
      public String toString() {
        return "EINIT: " + error + " (" + error.code + "): " + detail;
      }
    }
  }

  /** The leaf's error numbers. */
  enum LeafError {
    INVALID_ATTRIBUTE(2),
    INVALID_MEASUREMENT(4),
    INVALID_SIGNATURE(8);

    private final int code;

    LeafError(int code) {
      this.code = code;
    }
  }

  /** What the SECS holds when EINIT begins. */
  record Control(
      Bytes mrenclave, Attributes attributes, int miscSelect, Bytes configId, int configSvn) {}

  static Result run(Control secs, SigStruct sigStruct) {
    switch (sigStruct.check()) {
      case SignatureCheck.Forged(var part) -> {
        return new Result.Refused(LeafError.INVALID_SIGNATURE, part.text());
      }
      case SignatureCheck.Genuine _ -> {}
    }
    SigStruct.Body body = sigStruct.body();
    if (!body.enclaveHash().equals(secs.mrenclave)) {
      return new Result.Refused(
          LeafError.INVALID_MEASUREMENT,
          "SIGSTRUCT signs " + body.enclaveHash() + ", the pages measure " + secs.mrenclave);
    }
    Attributes mask = body.attributeMask();
    if (!body.attributes().and(mask).equals(secs.attributes.and(mask))
        || (body.miscSelect() & body.miscMask()) != (secs.miscSelect & body.miscMask())) {
      return new Result.Refused(
          LeafError.INVALID_ATTRIBUTE,
          "SIGSTRUCT allows " + body.attributes() + ", the enclave has " + secs.attributes);
    }
    return new Result.Initialised(identity(secs, sigStruct));
  }

  private static EnclaveIdentity identity(Control secs, SigStruct sigStruct) {
    SigStruct.Body body = sigStruct.body();
    boolean kss = secs.attributes.has(Attributes.KSS);
    return new EnclaveIdentity(
        secs.mrenclave,
        sigStruct.mrSigner(),
        secs.attributes.with(Attributes.INIT),
        secs.miscSelect,
        body.isvProdId(),
        body.isvSvn(),
        kss ? secs.configId : Bytes.zeros(64),
        kss ? secs.configSvn : 0,
        kss ? body.isvFamilyId() : Bytes.zeros(16),
        kss ? body.isvExtProdId() : Bytes.zeros(16));
  }
}
