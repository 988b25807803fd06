package dev.reseal.cli;

import dev.reseal.attack.Attack;
import dev.reseal.attack.Attacks;
import dev.reseal.attack.Stage;
import dev.reseal.attack.Trial;
import dev.reseal.lifecycle.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code reseal attack}: a hostile host, against a naive baseline and against Reseal. */
@Command(
    name = "attack",
    description = "Attack as a hostile host: a naive baseline, where it wins, and Reseal.",
    subcommands = {AttackCommand.ListCommand.class, AttackCommand.Run.class})
final class AttackCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE.number();
  }

  /** {@code reseal attack list}. */
  @Command(name = "list", description = "Every attack: what it tries and what stops it.")
  static final class ListCommand implements Callable<Integer> {
    @Option(names = "--json", description = "One JSON object a line.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() {
      PrintWriter out = spec.commandLine().getOut();
      for (Attack attack : Attacks.all()) {
        out.println(json ? JsonLine.of(AttackWords.facts(attack)) : AttackWords.line(attack));
      }
      out.flush();
      return 0;
    }
  }

  /** {@code reseal attack run}. */
  @Command(
      name = "run",
      description = {
        "Carry attacks out against both.",
        "Exit: 0 every one falls on the baseline and is refused by its rule, 40 one is not, 2 no"
            + " such",
        "attack."
      })
  static final class Run implements Callable<Integer> {
    @Parameters(paramLabel = "ID|all", arity = "1..*", description = "Which, for example A1.")
    private List<String> ids = List.of();

    @Option(names = "--json", description = "One JSON object a line.")
    private boolean json;

    @Option(
        names = "--keep",
        paramLabel = "DIR",
        description = "Leave registers, journals and logs of the run in this new directory.")
    private Optional<Path> keep = Optional.empty();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
      List<Attack> chosen = new ArrayList<>();
      for (String id : ids) {
        if (id.equals("all")) {
          chosen.addAll(Attacks.all());
        } else if (Attacks.named(id).isPresent()) {
          chosen.add(Attacks.named(id).orElseThrow());
        } else {
          String words = "no attack " + id + "; reseal attack list";
          return Failure.tell(spec.commandLine(), ExitCode.USAGE, words, "attack: " + words);
        }
      }
      return run(chosen) ? 0 : ExitCode.NOT_PROVEN.number();
    }

    private boolean run(List<Attack> chosen) throws Exception {
      int live = 0;
      int faults = 0;
      try (Stage stage = stage()) {
        for (Attack attack : chosen) {
          switch (attack) {
            case Attack.Absent absent -> print(AttackWords.facts(absent), AttackWords.line(absent));
            case Attack.Live each -> {
              Trial trial = tried(each, stage);
              live++;
              faults += trial.fault().isPresent() ? 1 : 0;
              print(AttackWords.facts(trial), AttackWords.lines(trial));
            }
          }
        }
      }
      Map<String, Object> sum = new LinkedHashMap<>();
      sum.put("attacks", live);
      sum.put("absent", chosen.size() - live);
      sum.put("faults", faults);
      print(
          sum,
          live
              + " attacks, "
              + faults
              + " not as they must end, "
              + (chosen.size() - live)
              + " without a subject in this version");
      return faults == 0;
    }

    private Stage stage() throws IOException {
      Path root = Path.of(System.getProperty("reseal.root", "."));
      return keep.isPresent() ? Stage.kept(root, keep.orElseThrow()) : Stage.passing(root);
    }

    private static Trial tried(Attack.Live attack, Stage stage) throws Exception {
      try {
        return Trial.of(attack, stage);
      } catch (IOException | IllegalStateException broken) {
        throw new IOException("attack " + attack.id() + " could not be carried out", broken);
      }
    }

    private void print(Map<String, Object> facts, String words) {
      PrintWriter out = spec.commandLine().getOut();
      out.println(json ? JsonLine.of(facts) : words);
      out.flush();
    }
  }
}
