package dev.reseal.emulator;

/** The answer to the first request on a device connection, and the refusals of all of them. */
sealed interface Launch {
  /** The connection is now the SECS of that instance. */
  record Opened(InstanceProcess instance) implements Launch {}

  /** Refused, with its code on the device (T2); the connection ends. */
  record Denied(int code, String rule, String detail) implements Launch {}

  Denied UNKNOWN_TOKEN = new Denied(302, "TOKEN", "no live instance has this launch token");
  Denied USED_TOKEN = new Denied(303, "TOKEN_USED", "this launch token has been used");
  Denied LOST = new Denied(306, "ENCLAVE_LOST", "a power transition took this enclave");
  Denied NO_QUOTING = new Denied(301, "QUOTING_UNAVAILABLE", "the quoting enclave is away");
  Denied OUT_OF_TCS =
      new Denied(307, "OUT_OF_TCS", "this process has more threads than its enclave has TCS");
  Denied WRONG_PROCESS =
      new Denied(304, "WRONG_PROCESS", "another process than the instance shows its token");
}
