package dev.reseal.journal;

/** The payload keys of protocol 9.2. */
public final class Fact {
  public static final long BODY_ID = 1;
  public static final long FILE = 2;
  public static final long INSTANCE_ID = 3;
  public static final long FENCE = 4;
  public static final long EPOCH = 5;
  public static final long ERROR = 6;
  public static final long HANDLE = 7;
  public static final long ANSWER = 8;
  public static final long RECEIPT = 9;

  private Fact() {}
}
