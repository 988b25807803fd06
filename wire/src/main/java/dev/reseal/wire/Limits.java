package dev.reseal.wire;

/** The sizes of protocol 19, in bytes unless said. */
public final class Limits {
  public static final int MESSAGE = 64 * 1024;
  public static final int GRANT_REQUEST = 128 * 1024;
  public static final int HELLO = 1024;
  public static final int CORE = 4096;
  public static final int SLOTS = 16_384;
  public static final int FOOTER = 4096;
  public static final int ROUNDS = 16;
  public static final int RECORD = 16 * 1024 * 1024;
  public static final int KEYSET = 32 * 1024;
  public static final int FRAME = 1024 * 1024;

  /** Generations between floor and active. */
  public static final int GENERATIONS = 16;

  /** Items of a list inside a message. */
  public static final int LIST = 1024;

  private Limits() {}
}
