package dev.reseal.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import picocli.CommandLine;

/**
 * Walks through the life of a lineage, so that start-up caches (JEP 514) can be recorded meanwhile:
 * one in this process, for the short verbs, and one in each process that runs for long. Those are
 * recorded after a crash of each, since that is the start that somebody waits for. {@code Train
 * HOME PYTHON APP VECTOR CACHES}. Used by the build only; nothing but the speed of a start depends
 * on it.
 */
final class Train {
  private static final String NAME = "train";
  private static final long PATIENCE_S = 300;
  private static final String[] DRAFT = {
    "draft",
    "--lineage",
    NAME,
    "--purpose",
    "billing-token",
    "--life-ms",
    "2000",
    "--skew-ms",
    "200"
  };
  private static final Pattern SERVING = Pattern.compile("\"SERVING\",\"pid\":([0-9]+)");

  private final Path home;
  private final List<String> app;
  private final Path caches;
  private final List<Process> started = new ArrayList<>();

  private Train(Path home, List<String> app, Path caches) {
    this.home = home;
    this.app = app;
    this.caches = caches;
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    verify(Path.of(arguments[3]));
    Train train =
        new Train(
            Path.of(arguments[0]), List.of(arguments[1], arguments[2]), Path.of(arguments[4]));
    try {
      train.live();
    } finally {
      train.end();
    }
  }

  /** A quote with its collateral, as the vectors of module quote keep them. */
  private static void verify(Path vector) {
    Reseal.commandLine()
        .execute(
            "verify",
            "--quote",
            vector.resolve("quote.bin").toString(),
            "--collateral",
            vector.resolve("collateral").toString(),
            "--root",
            vector.resolve("root.pem").toString(),
            "--at",
            "2026-05-10T12:00:00Z");
  }

  private void live() throws IOException, InterruptedException {
    say("authority", "init");
    say("platform", "init");
    Process authority = goOn("", "authority", "start");
    Process platform = goOn("", "platform", "start");
    await(
        "authority and platform",
        () ->
            Files.exists(home.resolve("public/authority.url"))
                && Files.exists(home.resolve("platform/host.sock")));
    Path policy = home.resolve("policy.json");
    Files.writeString(policy, say(DRAFT));
    say("authority", "policy", "apply", policy.toString());
    Process supervisor = goOn("", "run", "--lineage", NAME);
    await("an instance", () -> !serving().isEmpty());
    crash(authority);
    goOn("authority", "authority", "start");
    await("the authority", () -> !status().isEmpty());
    say("authority", "policy", "apply", policy.toString());
    crash(supervisor);
    goOn("run", "run", "--lineage", NAME);
    await("the instance", () -> !serving().isEmpty());
    String before = serving();
    crash(platform);
    goOn("platform", "platform", "start");
    await("a takeover", () -> !List.of(before, "").contains(serving()));
    say("rotate", NAME, "--json");
    status();
    say(DRAFT);
  }

  private void crash(Process role) throws InterruptedException {
    role.destroyForcibly().waitFor();
    started.remove(role);
  }

  private String status() {
    return say("status", NAME, "--json");
  }

  /** The process that serves, or nothing. */
  private String serving() {
    return SERVING.matcher(status()).results().map(found -> found.group(1)).findFirst().orElse("");
  }

  /** One verb to its end; its output. Verbs that start an application are given it. */
  private String say(String... words) {
    StringWriter out = new StringWriter();
    CommandLine line = Reseal.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
    line.execute(with(words));
    return out.toString();
  }

  /** A role that runs until it crashes or is told to stop; its name where it makes a cache. */
  private Process goOn(String recorded, String... words) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("reseal.root"), "reseal").toString());
    command.addAll(List.of(with(words)));
    ProcessBuilder process = new ProcessBuilder(command).inheritIO();
    if (!recorded.isEmpty()) {
      process.environment().put("RESEAL_TRAIN", caches.resolve(recorded + ".aot").toString());
    }
    Process role = process.start();
    started.addFirst(role);
    return role;
  }

  /** Told to stop, each process makes its cache of what it has recorded; none goes on after us. */
  private void end() throws IOException, InterruptedException {
    started.forEach(Process::destroy);
    List<String> late = new ArrayList<>();
    for (Process each : started) {
      if (!each.waitFor(PATIENCE_S, TimeUnit.SECONDS)) {
        late.add(each.info().command().orElse("a process"));
        each.descendants().forEach(ProcessHandle::destroyForcibly); // what writes its cache
        each.destroyForcibly().waitFor();
      }
    }
    if (!late.isEmpty()) {
      throw new IOException(late + " did not end within " + PATIENCE_S + " s");
    }
  }

  private String[] with(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--home", home.toString()));
    if (words[0].equals("draft") || words[0].equals("run")) {
      all.add("--");
      all.addAll(app);
    }
    return all.toArray(String[]::new);
  }

  private static void await(String what, BooleanSupplier holds)
      throws IOException, InterruptedException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > until) {
        throw new IOException(what + " did not come within " + PATIENCE_S + " s");
      }
      Thread.sleep(100);
    }
  }
}
