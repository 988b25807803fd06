package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;

/**
 * What runs inside: one object an instance, entered by any of its threads. It must keep whatever is
 * secret in enclave memory, because Java objects outlive an emulated enclave and pages do not.
 */
public interface TrustedProgram {
  /** One ecall. {@code function} and {@code input} come from outside and are not to be trusted. */
  Bytes ecall(int function, Bytes input, Trusted inside) throws EnclaveFault;
}
