package dev.reseal.quote;

/** Kinds of trusted execution environment that a quote can speak of. */
public enum Tee {
  SGX(0, "QE"),
  TDX(0x81, "TD_QE");

  private final int number;
  private final String identityId;

  Tee(int number, String identityId) {
    this.number = number;
    this.identityId = identityId;
  }

  /** The TEE type of a quote header. */
  public int number() {
    return number;
  }

  /** The id of the identity of the enclave that quotes for this TEE. */
  public String identityId() {
    return identityId;
  }
}
