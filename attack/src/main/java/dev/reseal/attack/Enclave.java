package dev.reseal.attack;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;

/** Who the enclaves of this list are: their image, its signer, and variations of it. */
final class Enclave {
  /** The measurement of the image that all policies here name, in ISVPRODID 1, ISVSVN 2. */
  static final Bytes IMAGE = Bytes.ascii("the admitted image").sha256();

  static final Bytes SIGNER = Bytes.ascii("its signer").sha256();

  private Enclave() {}

  static EnclaveIdentity admitted() {
    return of(IMAGE, Attributes.PRODUCTION.with(Attributes.INIT), 2);
  }

  static EnclaveIdentity of(Bytes image, Attributes attributes, int isvSvn) {
    Bytes none = Bytes.zeros(16);
    return new EnclaveIdentity(
        image, SIGNER, attributes, 0, 1, isvSvn, Bytes.zeros(64), 0, none, none);
  }
}
