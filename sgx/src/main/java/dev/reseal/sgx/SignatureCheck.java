package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;

/** What came out of verifying a {@link SigStruct}. */
public sealed interface SignatureCheck {
  /** Signature, Q1 and Q2 are right; {@code mrSigner} names the key. */
  record Genuine(Bytes mrSigner) implements SignatureCheck {}

  /** EINIT would refuse it; {@code part} is the first thing that is wrong. */
  record Forged(Part part) implements SignatureCheck {}

  /** The parts in the order in which they are looked at. */
  enum Part {
    MODULUS("the modulus is not a 3,072-bit odd number"),
    SIGNATURE("the RSA-3072 signature does not verify"),
    Q1("Q1 is not floor(s^2 / n)"),
    Q2("Q2 is not floor((s^3 - q1 s n) / n)");

    private final String text;

    Part(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }
  }
}
