package dev.reseal.cli;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ScopeType;

/** The {@code reseal} command. */
@Command(
    name = "reseal",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    version = "reseal 0.1.0",
    description = "Swap the enclave, keep the state, prove it.")
public final class Reseal {
  /**
   * Held, since the JDK forgets the level of a logger that nobody holds. The server's own news is
   * not ours.
   */
  private static final Logger HELIDON = Logger.getLogger("io.helidon");

  private static final List<Class<?>> VERBS =
      List.of(
          DraftCommand.class,
          RunCommand.class,
          StatusCommand.class,
          PlanCommand.class,
          RotateCommand.class,
          RecoverCommand.class,
          AbortCommand.class,
          RetireCommand.class,
          BirthCommand.class,
          AuthorityCommand.class,
          ProofCommand.class,
          PlatformCommand.class,
          InspectCommand.class,
          WhyCommand.class,
          VerifyCommand.class,
          CollateralCommand.class,
          AttackCommand.class,
          LabCommand.class);

  /** Verbs below those that run for long, and that somebody waits for after a crash. */
  private static final Map<Class<?>, List<Class<?>>> BELOW =
      Map.of(
          AuthorityCommand.class,
          List.of(
              AuthorityCommand.Init.class,
              AuthorityCommand.Start.class,
              PolicyCommand.class,
              KeysCommand.class,
              ApproveCommand.class,
              CloseCommand.class),
          PlatformCommand.class,
          List.of(
              PlatformCommand.Init.class,
              PlatformCommand.Start.class,
              PlatformTcbCommand.class,
              PlatformFaultCommand.class,
              PlatformResetCommand.class,
              PlatformProbeCommand.class));

  private Reseal() {}

  /**
   * Knows the verb that the first arguments name, or all of them if they name none: to read the
   * options of every verb takes a third of a short command's time.
   */
  static CommandLine commandLine(String... arguments) {
    CommandLine line = new CommandLine(Reseal.class);
    add(line, VERBS, List.of(arguments));
    return line;
  }

  private static void add(CommandLine line, List<Class<?>> verbs, List<String> words) {
    List<Class<?>> named =
        verbs.stream()
            .filter(verb -> words.stream().limit(1).anyMatch(name(verb)::equals))
            .toList();
    for (Class<?> verb : named.isEmpty() ? verbs : named) {
      CommandLine below = new CommandLine(verb);
      line.addSubcommand(below);
      add(below, BELOW.getOrDefault(verb, List.of()), words.stream().skip(1).toList());
    }
  }

  private static String name(Class<?> verb) {
    return Objects.requireNonNull(verb.getAnnotation(Command.class)).name();
  }

  public static void main(String[] arguments) {
    HELIDON.setLevel(Level.WARNING);
    HeadStart.begin(arguments);
    CommandLine line = commandLine(arguments);
    line.setExecutionExceptionHandler((failure, command, _) -> {
      command.getErr().println("reseal: " + failure.getMessage());
      command.getErr().flush();
      return failure instanceof Refused refused ? refused.exitCode().number() : 20;
    });
    System.exit(line.execute(arguments));
  }
}
