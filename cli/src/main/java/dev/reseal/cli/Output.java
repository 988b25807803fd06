package dev.reseal.cli;

import java.io.PrintWriter;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Where a command's findings go: lines, or one JSON object. */
final class Output {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private Output() {}

  static void print(PrintWriter out, Facts facts, boolean json) {
    out.print(json ? JSON.writeValueAsString(facts.tree()) + "\n" : facts.text());
    out.flush();
  }
}
