package dev.reseal.cli;

import dev.reseal.emulator.EmulatedPlatform;
import dev.reseal.emulator.Fault;
import dev.reseal.lifecycle.ExitCode;
import dev.reseal.platform.PlatformException;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code reseal platform fault}: what happens below enclaves, when an operator wants to see it. */
@Command(
    name = "fault",
    description = {
      "Let a fault strike the running emulated machine.",
      "Faults: power-transition (every enclave is lost), leaked-pages, pages-taken,"
          + " pages-returned,",
      "open-retry, einit-interrupted, microcode, busy-thread (the next destroy takes that many",
      "milliseconds), forked-child (keeps the pages of the next instance that ends),"
          + " children-exit,",
      "quoting-away (so many quotes are refused)."
    })
final class PlatformFaultCommand implements Callable<Integer> {

  @Mixin private HomeOption home = new HomeOption();

  @Parameters(paramLabel = "FAULT", description = "Its word.")
  private String word = "";

  @Option(
      names = "--amount",
      paramLabel = "N",
      description = "Pages, times, milliseconds, quotes or microcode SVN.")
  private Optional<Integer> amount = Optional.empty();

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() {
    Optional<Fault.Kind> kind = Fault.Kind.of(word);
    if (kind.isEmpty()) {
      String known =
          Arrays.stream(Fault.Kind.values()).map(Fault.Kind::word).collect(Collectors.joining(" "));
      return fail(ExitCode.USAGE, "no fault '" + word + "'; there are: " + known);
    }
    if (kind.get().isCounted() != amount.isPresent() || amount.orElse(0) < 0) {
      return fail(
          ExitCode.USAGE,
          kind.get().isCounted() ? word + " needs --amount N" : word + " has no --amount");
    }
    Fault fault = kind.get().fault(amount.orElse(0));
    try {
      new EmulatedPlatform(home.platform()).strike(fault);
    } catch (UnsupportedOperationException impossible) {
      return fail(ExitCode.USAGE, String.valueOf(impossible.getMessage()));
    } catch (PlatformException gone) {
      return fail(ExitCode.BLOCKED, String.valueOf(gone.getMessage()));
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        "platform EMULATED (no security)  struck: " + word + amount.map(n -> " " + n).orElse(""));
    out.flush();
    return 0;
  }

  private int fail(ExitCode code, String words) {
    return Failure.tell(spec.commandLine(), code, words, "platform fault: " + words);
  }
}
