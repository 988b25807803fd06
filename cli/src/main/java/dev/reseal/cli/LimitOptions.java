package dev.reseal.cli;

import dev.reseal.lifecycle.Limits;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** How long a supervisor waits and holds; none of these relaxes a rule. */
final class LimitOptions {
  private static final long DAY = 86_400_000;

  private final OptionSpec drainMs =
      ms("--drain-ms", "60000", "QUIESCE at most this long (default: ${DEFAULT-VALUE}).");
  private final OptionSpec birthMs =
      ms(
          "--birth-ms",
          "30000",
          "First call of a new instance within this time (default: ${DEFAULT-VALUE}).");
  private final OptionSpec holdMs =
      ms(
          "--hold-ms",
          "10000",
          "New connections are held at most this long (default: ${DEFAULT-VALUE}).");
  private final OptionSpec checkpointMs =
      ms(
          "--checkpoint-ms",
          "1000",
          "Advise a checkpoint this often; 0 never (default: ${DEFAULT-VALUE}).");

  private static OptionSpec ms(String name, String usual, String description) {
    return Declared.optional(name, "MS", long.class, usual, description);
  }

  void declare(CommandSpec spec) {
    spec.addOption(drainMs).addOption(birthMs).addOption(holdMs).addOption(checkpointMs);
  }

  /** Refuses what nobody can wait for; asked before anything is touched. */
  void require() {
    Declared.within(drainMs, 1, DAY);
    Declared.within(birthMs, 1, DAY);
    Declared.within(holdMs, 0, DAY);
    Declared.within(checkpointMs, 0, DAY);
  }

  Limits limits() {
    Limits usual = Limits.DEFAULT;
    return new Limits(
        drainMs.<Long>getValue(),
        usual.sealMs(),
        birthMs.<Long>getValue(),
        usual.restoreMs(),
        usual.installMs(),
        usual.backOffMs());
  }

  long holdMs() {
    return holdMs.<Long>getValue();
  }

  long checkpointMs() {
    return checkpointMs.<Long>getValue();
  }
}
