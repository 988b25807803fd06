package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.emulator.Daemon;
import dev.reseal.emulator.EmulatedPlatform;
import dev.reseal.platform.Platform;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
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
    CommandLine line = Reseal.commandLine();
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
    assertThat(platform("tcb", "--microcode", "256")).isEqualTo(2);
    assertThat(said.toString()).contains("microcode SVN: found 256, expected 0 to 255");
    assertThat(platform("tcb", "--recovery", "\"],\"x\":[\"")).isEqualTo(2);
    assertThat(said.toString()).contains("expected 1 to 64 letters, digits and hyphens");
  }

  @Test
  void aFamilyThatIsNoFmspcIsRefusedAndNothingIsMade() {
    assertThat(platform("init", "--fmspc", "00")).isEqualTo(2);
    assertThat(said.toString()).contains("--fmspc: found '00', expected 12 hex digits");
    assertThat(home.resolve("platform/machine")).doesNotExist();
  }

  @Test
  void aKnobOutOfRangeIsNamedWithWhatWasFoundAndExpected() {
    assertThat(platform("start", "--epc-pages", "0")).isEqualTo(2);
    assertThat(said.toString()).contains("EPC pages: found 0, expected 1 to");
    assertThat(platform("start", "--backing-pages", "-1")).isEqualTo(2);
    assertThat(said.toString()).contains("backing pages: found -1");
    assertThat(platform("start", "--evict-micros", "20000")).isEqualTo(2);
    assertThat(said.toString()).contains("microseconds: found 20000, expected 0 to 10000");
    assertThat(platform("start", "--tcs", "-1")).isEqualTo(2);
    assertThat(said.toString()).contains("TCS: found -1");
  }

  @Test
  void theSameSeedPlansTheSameFaultsInEveryRun() throws Exception {
    platform("init");
    String first = plan("7");
    assertThat(first).startsWith("faults of seed 7: {").contains("PowerTransition[]");
    assertThat(plan("7")).isEqualTo(first);
    assertThat(plan("8")).startsWith("faults of seed 8: {").isNotEqualTo(first.replace("7:", "8:"));
  }

  /** The line about faults that a platform prints which is a process of its own, as ever. */
  private String plan(String seed) throws Exception {
    Process platform =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Reseal.class.getName(),
                "platform",
                "start",
                "--home",
                home.toString(),
                "--fault-seed",
                seed)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader out = platform.inputReader(StandardCharsets.UTF_8)) {
      assertThat(out.readLine()).contains("EMULATED", "ready");
      return out.readLine();
    } finally {
      platform.destroyForcibly().waitFor();
    }
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
      assertThat(said.toString()).contains("EMULATED", "struck: power-transition");
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
