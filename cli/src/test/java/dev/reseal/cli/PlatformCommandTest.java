package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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
}
