package dev.reseal.collateral;

/** Why an endpoint did not help: where and what. */
public final class FetchFailure extends Exception {
  private static final long serialVersionUID = 1;

  FetchFailure(String where, String what) {
    super(where + ": " + what);
  }
}
