package dev.reseal.cli;

import dev.reseal.lifecycle.Cause;
import dev.reseal.lifecycle.ExitCode;
import dev.reseal.supervisor.ControlClient;
import dev.reseal.supervisor.Summary;
import dev.reseal.wire.Status;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** Prints an operation: phases as they end, then one line, or one JSON object at the end. */
final class OperationReport implements ControlClient.Watcher {
  private final PrintWriter out;
  private final boolean json;
  private final String verb;
  private final String name;
  private final List<Map<String, Object>> phases = new ArrayList<>();

  OperationReport(PrintWriter out, boolean json, String verb, String name) {
    this.out = out;
    this.json = json;
    this.verb = verb;
    this.name = name;
  }

  @Override
  public void phase(String phase, String edge, long micros) {
    if (edge.equals("intent")) {
      return;
    }
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("phase", phase);
    line.put("edge", edge);
    line.put("ms", micros / 1000.0);
    phases.add(line);
    if (!json) {
      out.printf(Locale.ROOT, "  %-9s %-6s %9.1f ms%n", phase, edge, micros / 1000.0);
      out.flush();
    }
  }

  @Override
  public void waits(String obstacle) {
    if (!json) {
      out.println("  waits     " + obstacle);
      out.flush();
    }
  }

  /** Prints the end and gives the exit code. */
  int end(ControlClient.Result result, Status before) {
    return end(result, before, ServiceWords.platform(before));
  }

  /** {@code platform}: the kind of the platform that it happened on. */
  int end(ControlClient.Result result, Status before, String platform) {
    return switch (result) {
      case ControlClient.Result.Refused(String rule, String detail) ->
          unfinished(ExitCode.REQUEST_REFUSED, "REFUSED", new Cause(rule, detail, ""));
      case ControlClient.Result.Unknown(String detail) ->
          unfinished(
              ExitCode.RECOVERY_NEEDED,
              "UNKNOWN",
              new Cause(
                  "SUPERVISOR_ENDED",
                  detail + " before it said how this ended",
                  "start it again (reseal run), it goes on by itself; then reseal status " + name));
      case ControlClient.Result.Ended(Summary summary) -> {
        if (json) {
          json(summary, before, platform);
        } else {
          line(summary, before, platform);
        }
        out.flush();
        yield summary.exitCode();
      }
    };
  }

  private int unfinished(ExitCode exit, String outcome, Cause cause) {
    if (json) {
      out.println(JsonMapper.shared().writeValueAsString(object(exit.number(), outcome, cause)));
    } else {
      out.println(outcome + "  " + cause);
    }
    out.flush();
    return exit.number();
  }

  private void line(Summary summary, Status before, String platform) {
    StringBuilder line = new StringBuilder();
    line.append(summary.word()).append("  ").append(verb).append(' ').append(name);
    summary
        .row()
        .ifPresent(row ->
            line.append(", epoch ")
                .append(row.epoch())
                .append(", fence ")
                .append(row.fence())
                .append(", key generation ")
                .append(row.gen()));
    line.append(", ").append(lost(summary, before)).append(" updates lost, gap ");
    line.append(String.format(Locale.ROOT, "%.1f ms", summary.gapMicros() / 1000.0));
    line.append(String.format(Locale.ROOT, ", total %.1f ms", summary.totalMicros() / 1000.0));
    line.append("  platform ").append(platform);
    out.println(line);
    if (!summary.detail().isEmpty()) {
      out.println("  why   " + ServiceWords.ruled(summary.rule(), summary.detail()));
    }
    if (!summary.next().isEmpty()) {
      out.println("  next  " + summary.next());
    }
  }

  /** A planned operation loses none; what a takeover loses, done or to come, policy bounds. */
  private String lost(Summary summary, Status before) {
    boolean takenOver =
        switch (summary.word()) {
          case "STOPPED" -> true;
          case "DONE" -> verb.equals("recover") || summary.takingOver();
          default -> false;
        };
    return takenOver ? Plan.atMost(before) : "0";
  }

  /** What is said of every end. */
  private Map<String, Object> object(int exit, String outcome, Cause cause) {
    Map<String, Object> object = Failure.object(verb, exit, outcome, cause);
    object.put("lineage", name);
    return object;
  }

  private void json(Summary summary, Status before, String platform) {
    Cause cause = new Cause(summary.rule(), summary.detail(), summary.next());
    Map<String, Object> object = object(summary.exitCode(), summary.word(), cause);
    summary
        .row()
        .ifPresent(row -> {
          object.put("epoch", row.epoch());
          object.put("fence", row.fence());
          object.put("key_generation", row.gen());
          object.put("mrenclave", row.mrenclave().toHex());
          object.put(
              "mrenclave_equal",
              before.active().map(a -> a.mrenclave().equals(row.mrenclave())).orElse(false));
        });
    object.put("updates_lost", lost(summary, before));
    object.put("gap_ms", summary.gapMicros() / 1000.0);
    object.put("total_ms", summary.totalMicros() / 1000.0);
    object.put("platform", platform);
    object.put("lowered", before.policy().lowered());
    object.put("phases", phases);
    out.println(JsonMapper.shared().writeValueAsString(object));
  }
}
