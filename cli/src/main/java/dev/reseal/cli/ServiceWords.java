package dev.reseal.cli;

import dev.reseal.wire.Status;

/** Words that several service verbs share. */
final class ServiceWords {
  private ServiceWords() {}

  /** Every verdict prints the platform kind. */
  static String platform(Status status) {
    return status.active().map(active -> platform(active.platformKind())).orElse("none");
  }

  static String platform(long kind) {
    return kind == 1 ? "SGX" : "EMULATED";
  }

  static String ruled(String rule, String detail) {
    return rule.isEmpty() ? detail : rule + ": " + detail;
  }
}
