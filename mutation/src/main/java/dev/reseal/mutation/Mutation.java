package dev.reseal.mutation;

/** What can be wrong with a message: the columns of {@code spec/mutations.vec}, in their order. */
public enum Mutation {
  /** Nothing. */
  GOOD("good"),
  AGAIN("again"),
  REPLAYED("replayed"),
  LINEAGE("lineage"),
  OPERATION("operation"),
  OLD_EPOCH("epoch-"),
  NEW_EPOCH("epoch+"),
  OLD_FENCE("fence-"),
  NEW_FENCE("fence+"),
  SIGNER("signer"),
  OLD_KEY("old-key"),
  TYPE("type"),
  SIGNATURE("signature"),
  TRUNCATED("truncated"),
  OVERSIZED("oversized"),
  ENVELOPE("envelope"),
  PAYLOAD("payload");

  private final String column;

  Mutation(String column) {
    this.column = column;
  }

  public String column() {
    return column;
  }
}
