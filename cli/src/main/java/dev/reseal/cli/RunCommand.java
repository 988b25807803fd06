package dev.reseal.cli;

import dev.reseal.authority.DurableFile;
import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.EmulatedPlatform;
import dev.reseal.lifecycle.ExitCode;
import dev.reseal.lifecycle.Situation;
import dev.reseal.platform.Platform;
import dev.reseal.supervisor.Authority;
import dev.reseal.supervisor.Doors;
import dev.reseal.supervisor.LocalStatus;
import dev.reseal.supervisor.Settings;
import dev.reseal.supervisor.StartException;
import dev.reseal.supervisor.Supervisor;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code reseal run}: the supervisor of one lineage, with its application. */
public final class RunCommand implements Callable<Integer> {
  /** Shorter than what those who end processes wait before they kill. */
  private static final long LAST_CHECKPOINT_MS = 8_000;

  private static final long LOOK_MS = 20;

  private final Starter starter;

  private final OptionSpec named =
      Declared.required("--lineage", "NAME", String.class, "The lineage.");
  private final HomeOption home = new HomeOption();
  private final AppOptions app = new AppOptions();
  private final LimitOptions limits = new LimitOptions();
  private final OptionSpec publicPort =
      Declared.optional(
          "--public-port",
          "PORT",
          int.class,
          "0",
          "Where clients connect on 127.0.0.1 (default: the last one, else any free).");
  private final CommandSpec spec =
      Declared.verb(
          this, "run", "Run a Python service whose state outlives its enclave instances.");

  /** Who makes a supervisor of settings and platform behind open doors. */
  public interface Starter {
    Supervisor start(Settings settings, Platform platform, Doors doors) throws IOException;
  }

  private RunCommand(Starter starter) {
    this.starter = starter;
    spec.addOption(named).addOption(publicPort);
    home.declare(spec);
    app.declare(spec);
    limits.declare(spec);
  }

  static CommandSpec spec() {
    return spec(Supervisor::start);
  }

  public static CommandSpec spec(Starter starter) {
    return new RunCommand(starter).spec;
  }

  /** After a crash, clients wait for this: what can be done side by side is. */
  @Override
  public Integer call() throws IOException, InterruptedException {
    limits.require();
    String name = name();
    InetSocketAddress open = open();
    Path lineage = home.lineage(name);
    Authority authority = home.authority();
    Path kept = lineage.resolve("lineage_id");
    Later<Optional<Status>> status = signing(() -> status(authority, kept));
    if (!Files.exists(lineage)) {
      status.get(); // a name that nobody knows leaves no directory behind
    }
    Later<AppOptions.Measured> image = Later.of(() -> app.measure(home));
    Later<SigningKey> key = signing(() -> KeyFile.readOrMake(lineage.resolve("supervisor.pem")));
    Platform platform = new EmulatedPlatform(home.platform());
    Doors doors = doors(lineage, open, authority, platform);
    Supervisor supervisor;
    try {
      AppOptions.Measured measured = image.get();
      Settings settings =
          new Settings(
              name,
              lineageId(kept, status.get(), measured),
              measured.image(),
              AppOptions.sign(measured, home, lineage),
              home.operators(),
              key.get(),
              limits.limits(),
              limits.checkpointMs());
      supervisor = starter.start(settings, platform, doors);
    } catch (IOException | RuntimeException refused) {
      doors.close();
      throw refused;
    }
    return supervise(supervisor);
  }

  private static <T> Later<T> signing(Callable<T> work) {
    return Later.of(() -> {
      HeadStart.signatures();
      return work.call();
    });
  }

  private String name() {
    return named.getValue();
  }

  private InetSocketAddress open() {
    return new InetSocketAddress(
        InetAddress.getLoopbackAddress(), (int) Declared.within(publicPort, 0, 65_535));
  }

  private Doors doors(Path lineage, InetSocketAddress open, Authority authority, Platform platform)
      throws IOException {
    try {
      return Doors.open(lineage, open, limits.holdMs(), authority, platform);
    } catch (StartException refused) {
      throw new Refused(ExitCode.BLOCKED, refused.why());
    }
  }

  /**
   * Nothing while the authority cannot say and an earlier start has kept whose lineage it is: what
   * serves goes on (protocol 13, unreachable and quarantined), and the survey asks again.
   */
  private Optional<Status> status(Authority authority, Path kept) {
    Authority.Reply reply = authority.named(name());
    Optional<String> away = AuthorityCalls.away(reply).filter(_ -> Files.exists(kept));
    away.ifPresent(why -> {
      PrintWriter err = spec.commandLine().getErr();
      err.println("reseal: warning: " + why + "; what serves goes on, as long as it may");
      err.flush();
    });
    return away.isPresent() ? Optional.empty() : Optional.of(Services.status(reply, name()));
  }

  private Bytes lineageId(Path kept, Optional<Status> known, AppOptions.Measured measured)
      throws IOException {
    if (known.isEmpty()) {
      return Bytes.hex(Files.readString(kept).strip());
    }
    Status status = known.get();
    requireAllowed(status, measured);
    String id = status.lineage().toHex() + "\n";
    if (!Files.exists(kept) || !Files.readString(kept).equals(id)) {
      DurableFile.replace(kept, Bytes.ascii(id));
    }
    return status.lineage();
  }

  private void requireAllowed(Status status, AppOptions.Measured measured) {
    if (status.state().equals("CLOSED")) {
      throw new Refused(
          "CLOSED",
          name() + " was closed, for ever",
          "reseal draft with another name makes another lineage");
    }
    boolean allowed =
        status.policy().allowed().stream()
            .anyMatch(a ->
                a.mrenclave().equals(measured.mrenclave())
                    && a.isvProdId() == measured.image().isvProdId()
                    && a.leastIsvSvn() <= measured.image().isvSvn());
    if (!allowed) {
      throw new Refused(
          "MEASUREMENT_NOT_ALLOWED",
          "the image measures " + measured.mrenclave() + ", which policy does not allow",
          "this line in 'allowed' would: " + measured.allowedLine());
    }
  }

  private int supervise(Supervisor supervisor) throws IOException, InterruptedException {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(supervisor)));
    PrintWriter out = spec.commandLine().getOut();
    if (settled(supervisor) instanceof Situation.Unborn) {
      int born = birth(out);
      if (born != 0 && born != ExitCode.RECOVERY_NEEDED.number()) {
        return born;
      }
    }
    awaitServing(supervisor, out);
    try {
      supervisor.ended().get();
      return 0;
    } catch (ExecutionException broken) {
      spec.commandLine().getErr().println("reseal: the supervisor broke: " + broken.getCause());
      return ExitCode.RECOVERY_NEEDED.number();
    }
  }

  /** Says what it does until somebody serves: a takeover may have to wait for a passport's end. */
  private void awaitServing(Supervisor supervisor, PrintWriter out) throws InterruptedException {
    String said = "";
    while (!said.equals("serving") && !supervisor.ended().isDone()) {
      String word =
          switch (supervisor.situation()) {
            case Situation.Idle _ -> "serving";
            case Situation.Unsettled _, Situation.Unborn _ -> said;
            case Situation.Running _, Situation.BackingOut _ -> "recovering";
            case Situation.Halted _, Situation.Aside _ -> "stopped";
          };
      if (!word.equals(said)) {
        say(out, word, supervisor.local());
        said = word;
      }
      Thread.sleep(LOOK_MS);
    }
  }

  private void say(PrintWriter out, String word, LocalStatus here) {
    out.println(
        word
            + (" " + name() + " on 127.0.0.1:" + here.publicPort())
            + (here.detail().isEmpty() ? "" : "  " + here.phase() + " " + here.detail())
            + "  platform EMULATED (no security)");
    out.flush();
  }

  private static Situation settled(Supervisor supervisor) throws InterruptedException {
    while (supervisor.situation() instanceof Situation.Unsettled && !supervisor.ended().isDone()) {
      Thread.sleep(LOOK_MS);
    }
    return supervisor.situation();
  }

  /** A process of its own holds the operator's key for as long as it takes to sign. */
  private int birth(PrintWriter out) throws IOException, InterruptedException {
    Path root = Path.of(System.getProperty("reseal.root", "."));
    Process child =
        new ProcessBuilder(
                List.of(
                    root.resolve("reseal").toString(),
                    "birth",
                    name(),
                    "--home",
                    home.path().toString(),
                    "--authority",
                    home.authorityUrl().toString()))
            .redirectErrorStream(true)
            .start();
    child.getOutputStream().close();
    try (var lines = child.inputReader()) {
      lines.lines().forEach(out::println);
    }
    out.flush();
    return child.waitFor();
  }

  /** Whoever stops a service stops the platform next: nothing that a client was told is lost. */
  private static void close(Supervisor supervisor) {
    try (supervisor) {
      if (!supervisor.settle(LAST_CHECKPOINT_MS)) {
        System.err.println(
            "reseal: no last checkpoint: what is newer than the newest one ends with the platform");
      }
    } catch (IOException late) {
      System.err.println("reseal: while stopping: " + late.getMessage());
    } catch (InterruptedException hurried) {
      Thread.currentThread().interrupt();
    }
  }
}
