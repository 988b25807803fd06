package dev.reseal.wire;

/** How the state is carried over (protocol 10). */
public enum Mode implements Numbered {
  SEQUENTIAL(1),
  OVERLAP(2);

  private final int number;

  Mode(int number) {
    this.number = number;
  }

  @Override
  public int number() {
    return number;
  }

  public static Mode of(long number) {
    return Numbered.of(values(), number, "mode");
  }
}
