package dev.reseal.supervisor;

/** One line per fact on standard error; never a message body, never a secret. */
final class Log {
  private static final System.Logger LOGGER = System.getLogger("reseal");

  private Log() {}

  static void info(String line) {
    System.err.println("reseal: " + line);
  }

  static void warn(String line) {
    System.err.println("reseal: warning: " + line);
  }

  static void debug(String line) {
    LOGGER.log(System.Logger.Level.DEBUG, line);
  }
}
