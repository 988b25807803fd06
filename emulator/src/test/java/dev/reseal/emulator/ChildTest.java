package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Programs that the platform asks: an interpreter may be anything, and may do anything. */
class ChildTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  @Test
  void oneThatNeitherReadsNorEndsIsEndedInTime() {
    ProcessBuilder sleeper = new ProcessBuilder("sh", "-c", "echo before; exec sleep 600");
    assertThatThrownBy(
            () -> Child.said(sleeper, "x".repeat(1 << 20), Duration.ofMillis(200), "asking"))
        .isInstanceOf(IOException.class)
        .hasMessage("asking: no end within 200 ms");
  }

  @Test
  void oneThatSaysMuchOnBothChannelsIsHeardAndOneThatFailsIsQuoted() throws Exception {
    assertThat(Child.said(new ProcessBuilder("sh", "-c", "cat; cat >&2"), "word", LONG, "asking"))
        .isEqualTo("word");
    assertThat(Child.said(new ProcessBuilder("cat"), "x".repeat(1 << 20), LONG, "asking"))
        .hasSize(1 << 20);
    assertThatThrownBy(() ->
            Child.said(
                new ProcessBuilder("sh", "-c", "echo one; echo two >&2; exit 3"),
                "",
                LONG,
                "asking"))
        .hasMessage("asking: two");
  }

  @Test
  void oneThatIsNoPythonAndSaysNothingIsNamed() {
    Path nothing = Path.of("/bin/true");
    assertThatThrownBy(() -> Interpreter.at(nothing))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("interpreter '/bin/true' does not run as Python");
    Path app = Rig.sdk().resolve("boot.py");
    assertThatThrownBy(() -> new ImageBuilder(nothing.toString(), app, Rig.sdk()).build())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("packages cannot be found with '/bin/true'");
  }
}
