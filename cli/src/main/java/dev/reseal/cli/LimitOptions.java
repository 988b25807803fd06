package dev.reseal.cli;

import dev.reseal.lifecycle.Limits;
import picocli.CommandLine.Option;

/** How long a supervisor waits and holds; none of these relaxes a rule. */
final class LimitOptions {
  @Option(
      names = "--drain-ms",
      defaultValue = "60000",
      description = "QUIESCE at most this long (default: ${DEFAULT-VALUE}).")
  private long drainMs;

  @Option(
      names = "--birth-ms",
      defaultValue = "30000",
      description = "First call of a new instance within this time (default: ${DEFAULT-VALUE}).")
  private long birthMs;

  @Option(
      names = "--hold-ms",
      defaultValue = "10000",
      description = "New connections are held at most this long (default: ${DEFAULT-VALUE}).")
  private long holdMs;

  @Option(
      names = "--checkpoint-ms",
      defaultValue = "1000",
      description = "Advise a checkpoint this often; 0 never (default: ${DEFAULT-VALUE}).")
  private long checkpointMs;

  Limits limits() {
    Limits usual = Limits.DEFAULT;
    return new Limits(
        drainMs, usual.sealMs(), birthMs, usual.restoreMs(), usual.installMs(), usual.backOffMs());
  }

  long holdMs() {
    return holdMs;
  }

  long checkpointMs() {
    return checkpointMs;
  }
}
