package dev.reseal.journal;

/** The payload keys of protocol 9.2. */
public final class Fact {
  public static final long BODY_ID = 1;
  public static final long FENCE = 4;
  public static final long ERROR = 6;
  public static final long HANDLE = 7;
  public static final long ANSWER = 8;
  public static final long RECEIPT = 9;

  private Fact() {}
}
