package dev.reseal.cli;

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
    description = "Swap the enclave, keep the state, prove it.",
    subcommands = {
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
      LabCommand.class
    })
public final class Reseal {
  /**
   * Held, since the JDK forgets the level of a logger that nobody holds. The server's own news is
   * not ours.
   */
  private static final Logger HELIDON = Logger.getLogger("io.helidon");

  private Reseal() {}

  public static void main(String[] arguments) {
    HELIDON.setLevel(Level.WARNING);
    CommandLine line = new CommandLine(Reseal.class);
    line.setExecutionExceptionHandler((failure, command, _) -> {
      command.getErr().println("reseal: " + failure.getMessage());
      command.getErr().flush();
      return failure instanceof Refused refused ? refused.exitCode().number() : 20;
    });
    System.exit(line.execute(arguments));
  }
}
