package dev.reseal.cli;

import java.util.List;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;

/** The {@code reseal} command. */
public final class Reseal {
  /**
   * Held, since the JDK forgets the level of a logger that nobody holds. The server's own news is
   * not ours.
   */
  private static final Logger HELIDON = Logger.getLogger("io.helidon");

  /** A verb, and those below it where the time of a start counts. */
  private record Verb(String name, Supplier<?> command, List<Verb> below) {
    Verb(String name, Supplier<?> command) {
      this(name, command, List.of());
    }
  }

  private static final List<Verb> AUTHORITY =
      List.of(
          new Verb("init", AuthorityCommand.Init::new),
          new Verb("start", AuthorityCommand.Start::spec),
          new Verb("policy", PolicyCommand::new),
          new Verb("keys", KeysCommand::new),
          new Verb("approve", ApproveCommand::new),
          new Verb("close", CloseCommand::new));

  private static final List<Verb> PLATFORM =
      List.of(
          new Verb("init", PlatformCommand.Init::new),
          new Verb("start", PlatformCommand.Start::new),
          new Verb("tcb", PlatformTcbCommand::new),
          new Verb("fault", PlatformFaultCommand::new),
          new Verb("reset", PlatformResetCommand::new),
          new Verb("probe", PlatformProbeCommand::new));

  private static final List<Verb> VERBS =
      List.of(
          new Verb("draft", DraftCommand::new),
          new Verb("run", RunCommand::spec),
          new Verb("status", StatusCommand::new),
          new Verb("plan", PlanCommand::new),
          new Verb("rotate", RotateCommand::new),
          new Verb("recover", RecoverCommand::new),
          new Verb("abort", AbortCommand::new),
          new Verb("retire", RetireCommand::new),
          new Verb("birth", BirthCommand::new),
          new Verb("authority", AuthorityCommand::spec, AUTHORITY),
          new Verb("proof", ProofCommand::new),
          new Verb("platform", PlatformCommand::spec, PLATFORM),
          new Verb("inspect", InspectCommand::new),
          new Verb("why", WhyCommand::new),
          new Verb("verify", VerifyCommand::new),
          new Verb("collateral", CollateralCommand::new),
          new Verb("attack", AttackCommand::new),
          new Verb("lab", LabCommand::new));

  private Reseal() {}

  /**
   * Knows the verb that the first arguments name, or all of them if they name none: to read the
   * options of every verb takes a third of a short command's time.
   */
  static CommandLine commandLine(String... arguments) {
    CommandLine line =
        new CommandLine(Declared.group("reseal", "Swap the enclave, keep the state, prove it."));
    add(line, VERBS, List.of(arguments));
    help(line);
    line.setExecutionExceptionHandler((failure, verb, _) -> Failure.tell(verb, failure));
    return line;
  }

  private static void add(CommandLine line, List<Verb> verbs, List<String> words) {
    List<Verb> named =
        verbs.stream()
            .filter(verb -> words.stream().limit(1).anyMatch(verb.name()::equals))
            .toList();
    for (Verb verb : named.isEmpty() ? verbs : named) {
      CommandLine below = new CommandLine(verb.command().get());
      line.addSubcommand(verb.name(), below);
      add(below, verb.below(), words.stream().skip(1).toList());
    }
  }

  private static void help(CommandLine line) {
    Declared.help(line.getCommandSpec());
    line.getSubcommands().values().forEach(Reseal::help);
  }

  public static void main(String[] arguments) {
    HELIDON.setLevel(Level.WARNING);
    HeadStart.begin(arguments);
    System.exit(commandLine(arguments).execute(arguments));
  }
}
