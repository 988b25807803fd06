package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What holds for every verb: help, one sentence for the list of verbs, a line in the reference. */
class ResealTest {
  @Test
  void everyVerbHasAVersionAndHelpThatBeginsWithOneWholeSentence() {
    for (List<String> verb : verbs(Reseal.commandLine(), List.of())) {
      List<String> asked = new ArrayList<>(verb);
      asked.add("--help");
      Run help = Run.of(Reseal.commandLine(), asked);
      assertThat(help.code()).as("%s", asked).isZero();
      assertThat(help.out()).contains("Usage: reseal " + String.join(" ", verb));
      assertThat(help.err()).isEmpty();
      asked.set(asked.size() - 1, "--version");
      assertThat(Run.of(Reseal.commandLine(), asked).out()).startsWith("reseal 0.1.0");
      assertThat(command(verb).getCommandSpec().usageMessage().description()[0])
          .as("%s", verb)
          .endsWith(".");
    }
  }

  @Test
  void theReferenceNamesEveryVerbAndNoOther() throws IOException {
    List<String> named =
        Files.readAllLines(Path.of("../docs/reference/cli.md")).stream()
            .filter(line -> line.startsWith("| `reseal "))
            .map(line -> line.substring(3, line.indexOf('`', 3)))
            .map(line -> line.replaceAll(" [^a-z].*", ""))
            .toList();
    List<String> verbs =
        verbs(Reseal.commandLine(), List.of()).stream()
            .filter(verb -> command(verb).getSubcommands().isEmpty())
            .filter(verb -> !command(verb).getCommandSpec().usageMessage().hidden())
            .map(verb -> "reseal " + String.join(" ", verb))
            .toList();
    assertThat(named).containsExactlyInAnyOrderElementsOf(verbs);
  }

  private static CommandLine command(List<String> verb) {
    CommandLine line = Reseal.commandLine();
    for (String word : verb) {
      line = Objects.requireNonNull(line.getSubcommands().get(word), word);
    }
    return line;
  }

  private static List<List<String>> verbs(CommandLine under, List<String> path) {
    List<List<String>> all = new ArrayList<>();
    under
        .getSubcommands()
        .forEach((word, command) -> {
          List<String> here = new ArrayList<>(path);
          here.add(word);
          all.add(here);
          all.addAll(verbs(command, here));
        });
    return all;
  }
}
