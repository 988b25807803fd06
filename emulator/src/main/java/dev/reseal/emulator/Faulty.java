package dev.reseal.emulator;

/** An emulated machine, in whatever shape, that faults can strike. */
public interface Faulty {
  /**
   * Lets a fault strike now. Throws {@link UnsupportedOperationException} where this shape has
   * nothing that the fault could strike.
   */
  void strike(Fault fault);
}
