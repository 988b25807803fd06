package dev.reseal.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What is declared by code where other verbs have annotations. To read those takes longer than all
 * else of a command line, and after a crash somebody waits for a start.
 */
final class Declared {
  private static final String VERSION = "reseal 0.1.0";

  private Declared() {}

  /** A verb that has others below it, and does nothing itself. */
  static CommandSpec group(String name, String description) {
    return described(CommandSpec.create(), name, description);
  }

  /** A verb; its options are the caller's to add. */
  static CommandSpec verb(Object command, String name, String description) {
    return described(CommandSpec.wrapWithoutInspection(command), name, description);
  }

  private static CommandSpec described(CommandSpec spec, String name, String description) {
    spec.name(name).usageMessage().description(description);
    return spec;
  }

  /** What every verb has. */
  static void help(CommandSpec spec) {
    spec.version(VERSION);
    spec.addOption(
        OptionSpec.builder("-h", "--help")
            .usageHelp(true)
            .description("Show this help message and exit.")
            .build());
    spec.addOption(
        OptionSpec.builder("-V", "--version")
            .versionHelp(true)
            .description("Print version information and exit.")
            .build());
  }

  /** An option that must be given. */
  static OptionSpec required(String name, String label, Class<?> type, String description) {
    return option(name, label, type, description).required(true).build();
  }

  /** An option with what holds where it is not given. */
  static OptionSpec optional(
      String name, String label, Class<?> type, String usual, String description) {
    return option(name, label, type, description).defaultValue(usual).build();
  }

  /** The number that was given, if it is one of these. */
  static long within(OptionSpec option, long least, long most) {
    long found = option.<Number>getValue().longValue();
    if (found < least || found > most) {
      throw Refused.usage(option.longestName() + " is " + found, least + " to " + most);
    }
    return found;
  }

  static OptionSpec.Builder option(String name, String label, Class<?> type, String description) {
    return OptionSpec.builder(name).paramLabel(label).type(type).description(description);
  }
}
