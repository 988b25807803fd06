package dev.reseal.cli;

import dev.reseal.lifecycle.Cause;
import dev.reseal.lifecycle.ExitCode;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import picocli.CommandLine;

/**
 * What is said by a verb that did not do what it was asked to: a line, and under {@code --json} an
 * object with the same facts.
 */
final class Failure {
  private Failure() {}

  /** The exit code, once everything is said. */
  static int tell(CommandLine verb, Exception failure) {
    ExitCode exit = exitCode(failure);
    if (exit == ExitCode.BUG) {
      failure.printStackTrace(verb.getErr());
    }
    Cause cause = failure instanceof Refused refused ? refused.why() : cause(exit, failure);
    String words = exit == ExitCode.BUG ? "a bug: " + failure : words(failure);
    return tell(verb, exit, cause, "reseal: " + words, Map.of());
  }

  /** The same where something is known all the same, {@code facts} of the object. */
  static int tell(CommandLine verb, Refused refused, Map<String, Object> facts) {
    return tell(verb, refused.exitCode(), refused.why(), "reseal: " + words(refused), facts);
  }

  /** The same of a verb that says by itself whose mistake it is. */
  static int tell(CommandLine verb, ExitCode exit, String detail, String line) {
    return tell(verb, exit, new Cause(exit.name(), detail, ""), line, Map.of());
  }

  private static int tell(
      CommandLine verb, ExitCode exit, Cause cause, String line, Map<String, Object> facts) {
    PrintWriter err = verb.getErr();
    err.println(line);
    err.flush();
    if (verb.getParseResult().hasMatchedOption("--json")) {
      Map<String, Object> object = object(verb.getCommandName(), exit.number(), exit.name(), cause);
      object.putAll(facts);
      verb.getOut().println(JsonLine.of(object));
      verb.getOut().flush();
    }
    return exit.number();
  }

  /** What the object of every end has, also of an operation that went well. */
  static Map<String, Object> object(String verb, int exit, String outcome, Cause cause) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("verb", verb);
    object.put("exit", exit);
    object.put("outcome", outcome);
    object.put("rule", cause.rule());
    object.put("detail", cause.detail());
    object.put("next", cause.next());
    return object;
  }

  private static Cause cause(ExitCode exit, Exception failure) {
    return new Cause(exit.name(), words(failure), "");
  }

  /** Those of the JDK about a file often are its name alone. */
  static String words(Exception failure) {
    return switch (failure) {
      case UncheckedIOException wrapped when wrapped.getCause() != null ->
          words(wrapped.getCause());
      case NoSuchFileException missing -> missing.getFile() + " does not exist";
      case AccessDeniedException denied -> denied.getFile() + " is not open to this user";
      case FileAlreadyExistsException there -> there.getFile() + " exists already";
      case NotDirectoryException file -> file.getFile() + " is not a directory";
      case FileSystemException file when file.getReason() == null ->
          file.getFile() + ": " + file.getClass().getSimpleName();
      case Exception other -> Objects.toString(other.getMessage(), other.toString());
    };
  }

  /** What the world does has a type of ours or of I/O; after anything else nobody knows. */
  private static ExitCode exitCode(Exception failure) {
    return switch (failure) {
      case Refused refused -> refused.exitCode();
      case UncheckedIOException _ -> ExitCode.BLOCKED;
      case RuntimeException other
          when !other.getClass().getPackageName().startsWith("dev.reseal.") ->
          ExitCode.BUG;
      case Exception _ -> ExitCode.BLOCKED;
    };
  }
}
