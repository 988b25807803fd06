package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.emulator.Daemon;
import dev.reseal.emulator.EmulatedPlatform;
import dev.reseal.platform.Platform;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code reseal platform}: what it makes, changes, says and refuses. */
class PlatformCommandTest {
  @TempDir private Path home;
  private final StringWriter said = new StringWriter();

  private int run(String... arguments) {
    said.getBuffer().setLength(0);
    CommandLine line = new CommandLine(Reseal.class);
    PrintWriter out = new PrintWriter(said, true);
    line.setOut(out).setErr(out);
    line.setExecutionExceptionHandler((failure, _, _) -> {
      out.println(failure.getMessage());
      return 20;
    });
    return line.execute(arguments);
  }

  private int platform(String verb, String... more) {
    String[] all = new String[4 + more.length];
    all[0] = "platform";
    all[1] = verb;
    all[2] = "--home";
    all[3] = home.toString();
    System.arraycopy(more, 0, all, 4, more.length);
    return run(all);
  }

  @Test
  void initMakesAMachineThatSaysWhatItIsAndASecondInitKeepsIt() throws Exception {
    assertThat(platform("init")).isZero();
    assertThat(said.toString()).contains("EMULATED (no security)");
    assertThat(home.resolve("public/platform-root.pem")).exists();
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(home.resolve("platform/machine"))))
        .isEqualTo("rw-------");
    byte[] machine = Files.readAllBytes(home.resolve("platform/machine"));
    assertThat(platform("init")).isEqualTo(20);
    assertThat(said.toString()).contains("exists already");
    assertThat(Files.readAllBytes(home.resolve("platform/machine"))).isEqualTo(machine);
  }

  @Test
  void tcbTakesOneChangeAtATimeAndSaysWhatEachChannelThinks() {
    platform("init");
    assertThat(platform("tcb", "--recovery", "EMULATED-SA-00001")).isZero();
    assertThat(said.toString()).contains("standard UpToDate  early OutOfDate", "no platform runs");
    assertThat(platform("tcb", "--standard")).isZero();
    assertThat(said.toString()).contains("standard OutOfDate  early OutOfDate");
    assertThat(platform("tcb", "--microcode", "6")).isZero();
    assertThat(said.toString()).contains("cpusvn 06", "standard UpToDate");
    assertThat(platform("tcb", "--revoke-pck")).isZero();
    assertThat(said.toString()).contains("standard Revoked");
    assertThat(platform("tcb")).isEqualTo(2);
    assertThat(platform("tcb", "--standard", "--revoke-pck")).isEqualTo(2);
    assertThat(platform("tcb", "--microcode", "256")).isEqualTo(20);
  }

  @Test
  void aFamilyThatIsNoFmspcIsRefusedAndNothingIsMade() {
    assertThat(platform("init", "--fmspc", "00")).isEqualTo(20);
    assertThat(home.resolve("platform/machine")).doesNotExist();
  }

  @Test
  void startWithoutAMachineSaysHowToMakeOne() {
    assertThat(platform("start")).isEqualTo(20);
    assertThat(said.toString()).contains("platform init");
  }

  @Test
  void faultsAreAskedForByTheirWordAndNeedARunningPlatform() throws Exception {
    platform("init");
    assertThat(platform("fault", "power-failure")).isEqualTo(2);
    assertThat(said.toString()).contains("power-transition", "children-exit");
    assertThat(platform("fault", "leaked-pages")).isEqualTo(2);
    assertThat(platform("fault", "power-transition", "--amount", "1")).isEqualTo(2);
    assertThat(platform("fault", "power-transition")).isEqualTo(20);
    assertThat(said.toString()).contains("platform start");
    try (Daemon _ = Daemon.start(home.resolve("platform"), 64, Clock.systemUTC())) {
      assertThat(platform("fault", "power-transition")).isZero();
      assertThat(said.toString()).contains("EMULATED", "struck: PowerTransition");
      assertThat(platform("fault", "pages-taken", "--amount", "60")).isZero();
      EmulatedPlatform running = new EmulatedPlatform(home.resolve("platform"));
      assertThat(running.headroom()).isEqualTo(new Platform.Headroom.Pages(4, 64));
      assertThat(platform("fault", "pages-returned")).isZero();
      assertThat(running.headroom()).isEqualTo(new Platform.Headroom.Pages(64, 64));
      assertThat(platform("fault", "residue", "--amount", "1")).isEqualTo(2);
      assertThat(said.toString()).contains("an account");
    }
  }

  @Test
  void aResetKeepsTheIdAndABoardSwapDoesNot() {
    platform("init");
    String id = said.toString().replaceAll("(?s).* id ([0-9a-f]{64}).*", "$1");
    assertThat(platform("reset")).isZero();
    assertThat(said.toString()).contains(id, "every key is another one");
    assertThat(platform("reset", "--board")).isZero();
    assertThat(said.toString()).doesNotContain(id);
  }

  @Test
  void aSecondMachineCanStandUnderTheRootOfTheFirst() {
    platform("init");
    String root = said.toString().replaceAll("(?s).*root ([0-9a-f]{64}).*", "$1");
    Path second = home.resolve("second");
    assertThat(
            run(
                "platform",
                "init",
                "--home",
                second.toString(),
                "--fmspc",
                "e0eeee000001",
                "--root-of",
                home.toString()))
        .isZero();
    assertThat(said.toString()).contains(root);
  }

  @Test
  void aProbeSaysWhyTheLibraryCannotBeUsed() {
    String enclave = home.resolve("enclave.so").toString();
    assertThat(run("platform", "probe", "--urts", "/nowhere/libsgx_urts.so", "--enclave", enclave))
        .isEqualTo(2);
    assertThat(said.toString()).contains("no such file", "install the SGX SDK");
  }
}
