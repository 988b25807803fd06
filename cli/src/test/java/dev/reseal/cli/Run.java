package dev.reseal.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;

/** What a command answered: exit code and both outputs. */
record Run(int code, String out, String err) {
  /** The vectors of the module that owns the formats. */
  static final Path VECTORS = Path.of("../sgx/src/test/resources/vectors");

  static Run of(Object command, String... arguments) {
    return of(new CommandLine(command), List.of(arguments));
  }

  static Run of(CommandLine command, List<String> arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        command
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(arguments.toArray(String[]::new));
    return new Run(code, out.toString(), err.toString());
  }
}
