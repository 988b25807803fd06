package dev.reseal.emulator;

/** A fault inside an enclave that its program does not handle: the enclave is gone. */
public final class EnclaveFault extends Exception {
  EnclaveFault(String found) {
    super(found);
  }
}
