package dev.reseal.cli;

import dev.reseal.lifecycle.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code reseal lab}: experiments that anybody can repeat, in a checkout. */
@Command(
    name = "lab",
    description = "Experiments that anybody can repeat; they need a checkout.",
    subcommands = {LabCommand.Crash.class})
final class LabCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE.number();
  }

  /**
   * {@code reseal lab crash}. The seam that crashes is not in this program: the driver starts
   * supervisors of its own with it.
   */
  @Command(
      name = "crash",
      description = {
        "Kill every process before and after each step of each operation; print the matrix.",
        "Supervisor, old and new instance, authority and platform, with clients at work;",
        "the authority also before and after each write to its own stores."
      })
  static final class Crash implements Callable<Integer> {
    @Option(
        names = "--operation",
        paramLabel = "OP",
        description = {
          "birth, reseal, rekey, takeover, abort, asked-abort, resume, retire, policy, key-add",
          "or close; repeatable (default: all)."
        })
    private List<String> operations = new ArrayList<>();

    @Option(
        names = "--victim",
        paramLabel = "WHO",
        description = {
          "supervisor, old, new, authority, platform, enclaves or store; repeatable",
          "(default: all)."
        })
    private List<String> victims = new ArrayList<>();

    @Option(
        names = "--sample",
        paramLabel = "N",
        defaultValue = "0",
        description = "Of each operation N cells (default: all, which takes hours).")
    private int sample;

    @Option(
        names = "--pairs",
        paramLabel = "N",
        defaultValue = "0",
        description = "Instead N cells, each with a second crash during its recovery.")
    private int pairs;

    @Option(
        names = "--seed",
        paramLabel = "N",
        defaultValue = "1",
        description = "Chooses cells and pairs (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Override
    public Integer call() throws IOException, InterruptedException {
      Path root = Path.of(System.getProperty("reseal.root", ".")).toAbsolutePath();
      Process driver =
          new ProcessBuilder(command(root)).directory(root.toFile()).inheritIO().start();
      return switch (driver.waitFor()) {
        case 0 -> 0;
        case 1 -> ExitCode.NOT_PROVEN.number(); // a cell did not end as it must
        default -> ExitCode.BLOCKED.number();
      };
    }

    private List<String> command(Path root) {
      Path driver = present(root.resolve("e2e/crash.py"), "the driver", "run it in a checkout");
      Path python = root.resolve(".venv/bin/python");
      present(python, "the Python environment", "make crash-build, in " + root);
      List<String> command = new ArrayList<>(List.of(python.toString(), driver.toString()));
      several(command, "--operations", operations);
      several(command, "--victims", victims);
      command.addAll(List.of("--sample", String.valueOf(sample), "--pairs", String.valueOf(pairs)));
      command.addAll(List.of("--seed", String.valueOf(seed)));
      return command;
    }

    private static void several(List<String> command, String option, List<String> values) {
      if (!values.isEmpty()) {
        command.add(option);
        command.addAll(values);
      }
    }

    private static Path present(Path path, String what, String next) {
      if (!Files.exists(path)) {
        throw new Refused("NOT_BUILT", what + " is missing: " + path, next);
      }
      return path;
    }
  }
}
