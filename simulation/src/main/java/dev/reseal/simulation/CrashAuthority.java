package dev.reseal.simulation;

import dev.reseal.authority.AuthorityHome;
import dev.reseal.cli.AuthorityCommand;
import dev.reseal.cli.HeadStart;
import dev.reseal.simulation.CrashPoint.Victim;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import picocli.CommandLine;

/**
 * {@code reseal authority start} with crashes: {@code CrashAuthority ORDERS ARGUMENTS OF START}. It
 * is the victim {@code store}: SIGKILL hits it before or after one of its own writes.
 */
public final class CrashAuthority {
  private CrashAuthority() {}

  public static void main(String[] arguments) {
    HeadStart.begin("authority", "start");
    CrashOrders orders =
        new CrashOrders(
            Path.of(arguments[0]), Set.of(Victim.STORE), (_, _) -> CrashOrders.killMyself());
    CommandLine line =
        new CommandLine(
            AuthorityCommand.Start.spec((authority, server) -> start(authority, server, orders)));
    System.exit(line.execute(Arrays.copyOfRange(arguments, 1, arguments.length)));
  }

  private static AuthorityHome.Running start(
      AuthorityHome authority, AuthorityHome.Making server, CrashOrders orders)
      throws IOException, InterruptedException {
    return authority.start(server, new CrashStores(orders::reached));
  }
}
