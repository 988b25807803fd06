package dev.reseal.sgx;

/** What is known about one input of a sealing key, seen from the enclave that wants to open. */
public sealed interface SealFinding {
  SealInput input();

  /** In the key, and the same on both sides. */
  record Same(SealInput input, String value) implements SealFinding {}

  /** Not in this key: any value opens. */
  record Unbound(SealInput input, String why) implements SealFinding {}

  /** In the key and different: another key comes out, the tag does not verify. */
  record Differs(SealInput input, String sealed, String opening, String remedy)
      implements SealFinding {}

  /** The processor refuses the request, with {@code error} from EGETKEY. */
  record Refused(SealInput input, String error, String asked, String own, String remedy)
      implements SealFinding {}

  /** In the key, but the blob does not say what the sealer had; {@code needed} must hold. */
  record Unknown(SealInput input, String opening, String needed) implements SealFinding {}
}
