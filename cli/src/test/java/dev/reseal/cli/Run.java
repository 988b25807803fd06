package dev.reseal.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import picocli.CommandLine;

/** What a command answered: exit code and both outputs. */
record Run(int code, String out, String err) {
  /** The vectors of the module that owns the formats. */
  static final Path VECTORS = Path.of("../sgx/src/test/resources/vectors");

  static Run of(Object command, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        new CommandLine(command)
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(arguments);
    return new Run(code, out.toString(), err.toString());
  }
}
