package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.LongSupplier;

/** Everything that happens in a world, as one hash, with the newest lines in words. */
final class Trace {
  private static final int KEPT = 400;

  private final LongSupplier nowMs;
  private final MessageDigest digest = Bytes.newSha256();
  private final ArrayDeque<String> newest = new ArrayDeque<>();
  private final StringBuilder phases = new StringBuilder();
  private String lastPhase = "";

  Trace(LongSupplier nowMs) {
    this.nowMs = nowMs;
  }

  void line(String what) {
    String line = nowMs.getAsLong() + " " + what;
    digest.update(line.getBytes(StandardCharsets.UTF_8));
    newest.add(line);
    if (newest.size() > KEPT) {
      newest.remove();
    }
  }

  /** Messages count with all their bytes, and are shown by the first four of their digest. */
  void line(String what, Bytes message) {
    line(what + " " + tag(message));
  }

  static String tag(Bytes message) {
    return message.size() == 0 ? "-" : message.sha256().slice(0, 4).toHex();
  }

  /** The phase line of a run: every phase as it is entered, faults between. */
  void phase(String name) {
    if (!name.equals(lastPhase)) {
      phases.append(phases.isEmpty() ? "" : " ").append(name);
      lastPhase = name;
    }
  }

  void fault(String name) {
    line("fault " + name);
    phases.append(" [").append(name).append(']');
  }

  String phases() {
    return phases.toString();
  }

  List<String> newest() {
    return List.copyOf(newest);
  }

  /** SHA-256 of all lines; ends the trace. */
  Bytes hash() {
    return Bytes.wrap(digest.digest());
  }
}
