package dev.reseal.lifecycle;

/** Advice to an instance (transport T4). */
public enum Verb {
  CHALLENGE("challenge"),
  PLAT_CHECK("plat-check"),
  GRANT("grant"),
  ACTIVATION("activation"),
  FINISH("finish"),
  ABORT("abort"),
  SEAL("seal"),
  CHECKPOINT("checkpoint"),
  REKEY_GRANT("rekey-grant"),
  PASSPORT("passport"),
  RENEW("renew"),
  RETIRED("retired"),
  EXIT("exit");

  private final String word;

  Verb(String word) {
    this.word = word;
  }

  public String word() {
    return word;
  }
}
