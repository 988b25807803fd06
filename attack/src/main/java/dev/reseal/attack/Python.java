package dev.reseal.attack;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The attacks that need Python or whole processes: one helper, started when first asked, that is
 * told "id side" a line and answers "ending TAB rule TAB detail".
 */
final class Python implements AutoCloseable {
  private final Path root;
  private final List<String> arguments;
  private Optional<Talk> talk = Optional.empty();

  private record Talk(Process process, Writer in, BufferedReader out) {}

  /**
   * Not started yet.
   *
   * @param arguments where its site is to stay, or nothing
   */
  Python(Path root, List<String> arguments) {
    this.root = root;
    this.arguments = arguments;
  }

  Ending play(String id, String side) throws IOException {
    if (talk.isEmpty()) {
      talk = Optional.of(started());
    }
    Talk with = talk.orElseThrow();
    with.in().write(id + " " + side + "\n");
    with.in().flush();
    String line = with.out().readLine();
    if (line == null) {
      throw new IOException("attack " + id + " (" + side + "): the Python side ended; see above");
    }
    String[] parts = line.split("\t", 3);
    if (parts.length != 3) {
      throw new IOException("attack " + id + ": no ending but '" + line + "'");
    }
    return switch (parts[0]) {
      case "won" -> new Ending.Won(parts[2]);
      case "refused" -> new Ending.Refused(parts[1], parts[2]);
      case "harmless" -> new Ending.Harmless(parts[2]);
      default -> throw new IOException("attack " + id + ": no ending is called " + parts[0]);
    };
  }

  private Talk started() throws IOException {
    Path interpreter = root.resolve(".venv/bin/python");
    if (!Files.isExecutable(interpreter)) {
      throw new IOException("no " + interpreter + ": run make build first");
    }
    Path script = root.resolve("python/attacks/play.py");
    List<String> command = new ArrayList<>(List.of(interpreter.toString(), "-I", "-B"));
    command.add(script.toString());
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    return new Talk(
        process,
        process.outputWriter(StandardCharsets.UTF_8),
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)));
  }

  @Override
  public void close() throws IOException {
    if (talk.isEmpty()) {
      return;
    }
    Talk with = talk.orElseThrow();
    with.in().close();
    try {
      with.process().waitFor();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      with.process().destroy();
    }
  }
}
