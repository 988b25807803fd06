package dev.reseal.cli;

import dev.reseal.authority.AuthorityHome;
import dev.reseal.authority.HttpsServer;
import dev.reseal.authority.KeyStoreException;
import dev.reseal.authority.StoreException;
import dev.reseal.lifecycle.Cause;
import dev.reseal.lifecycle.ExitCode;
import dev.reseal.wire.Essentials.Env;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.BindException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code reseal authority}: the trusted side, a process of its own. */
public final class AuthorityCommand {
  private AuthorityCommand() {}

  static CommandSpec spec() {
    return Declared.group("authority", "The trusted side: register, keys and policy.");
  }

  /** Makes the authority. */
  @Command(
      name = "init",
      description = "Make the authority's keys, its TLS certificate and an operator's key.")
  static final class Init implements Callable<Integer> {
    @Mixin private HomeOption home = new HomeOption();

    @Option(
        names = "--env",
        defaultValue = "demo",
        description = "prod refuses emulated platforms, demo serves them (default: demo).")
    private String env = "demo";

    @Option(
        names = "--collateral",
        paramLabel = "DIR",
        description = "Where collateral lies (default: platform/collateral below --home).")
    private Path collateral = Path.of("");

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
      if (!List.of("prod", "demo").contains(env)) {
        throw new Refused("ENV", "'" + env + "' is no environment", "--env prod or --env demo");
      }
      AuthorityHome authority = new AuthorityHome(home.path());
      if (authority.exists()) {
        throw new Refused(
            "EXISTS", "this authority was made already", "reseal authority start serves it");
      }
      Path folder =
          collateral.toString().isEmpty() ? home.platform().resolve("collateral") : collateral;
      AuthorityHome.Facts facts =
          authority.init(
              Env.valueOf(env.toUpperCase(Locale.ROOT)),
              List.of(KeyFile.readOrMake(home.operator()).verifyKey()),
              folder.toAbsolutePath());
      PrintWriter out = spec.commandLine().getOut();
      out.println("authority  env " + env + "  key id " + facts.spki().kid());
      out.println(
          "operator   " + home.operator() + "  key id " + facts.operators().getFirst().kid());
      out.println("for relying parties: " + home.path().resolve("public"));
      out.flush();
      return 0;
    }
  }

  /** Serves until it is told to stop. */
  public static final class Start implements Callable<Integer> {
    private final Starter starter;

    private final HomeOption home = new HomeOption();
    private final OptionSpec port =
        Declared.optional(
            "--port",
            "PORT",
            int.class,
            "0",
            "Where to listen on 127.0.0.1 (default: the last one, else any free).");
    private final CommandSpec spec =
        Declared.verb(this, "start", "Serve the authority until it is told to stop.");

    /** Who opens an authority behind a server. */
    public interface Starter {
      AuthorityHome.Running start(AuthorityHome authority, AuthorityHome.Making server)
          throws IOException, InterruptedException;
    }

    private Start(Starter starter) {
      this.starter = starter;
      home.declare(spec);
      spec.addOption(port);
    }

    static CommandSpec spec() {
      return spec(AuthorityHome::start);
    }

    public static CommandSpec spec(Starter starter) {
      return new Start(starter).spec;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
      CountDownLatch stop = new CountDownLatch(1);
      CountDownLatch stopped = new CountDownLatch(1);
      try (AuthorityHome.Running running = running()) {
        Runtime.getRuntime()
            .addShutdownHook(
                new Thread(() -> {
                  stop.countDown();
                  await(stopped);
                }));
        PrintWriter err = spec.commandLine().getErr();
        running
            .alarms()
            .forEach((lineage, lacking) ->
                err.println("ALARM lineage " + lineage + " is blocked: " + lacking));
        err.println("warning: the file anchor notices a restored database, not a restored machine");
        err.flush();
        PrintWriter out = spec.commandLine().getOut();
        out.println("authority listening on https://127.0.0.1:" + running.port() + "  ready");
        out.flush();
        stop.await();
      } finally {
        stopped.countDown();
      }
      return 0;
    }

    private AuthorityHome.Running running() throws IOException, InterruptedException {
      int asked = (int) Declared.within(port, 0, 65_535);
      AuthorityHome authority = new AuthorityHome(home.path());
      if (!authority.exists()) {
        throw new Refused(
            "NOT_INITIALISED", home.path() + " has no authority", "reseal authority init");
      }
      HeadStart.signatures();
      Later<HttpsServer> server = Later.of(() -> authority.server(asked));
      try {
        return starter.start(authority, server::get);
      } catch (StoreException.Rollback older) {
        throw new Refused(
            ExitCode.QUARANTINED,
            new Cause(
                "AUTHORITY_ROLLBACK",
                String.valueOf(older.getMessage()),
                "put the newest register.db back; an older one is never served"));
      } catch (BindException taken) {
        throw new Refused(
            "PORT_IN_USE",
            String.valueOf(taken.getMessage()),
            "end what listens there, or choose another with --port: a supervisor that runs goes on"
                + " asking where it was started");
      } catch (StoreException | KeyStoreException | IOException refused) {
        throw new Refused(
            "AUTHORITY_START",
            String.valueOf(refused.getMessage()),
            "nothing was changed; mend the cause and start again");
      }
    }

    private static void await(CountDownLatch latch) {
      try {
        latch.await();
      } catch (InterruptedException hurried) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
