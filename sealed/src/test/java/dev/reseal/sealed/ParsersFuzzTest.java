package dev.reseal.sealed;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.reseal.bytes.Bytes;
import dev.reseal.fixtures.Budget;
import java.io.IOException;

/**
 * Whatever bytes come, the reader of a sealed state's open part answers or throws {@link
 * ContainerException}, within its {@link Budget}.
 */
class ParsersFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void envelope(byte[] input) throws IOException {
    Budget.keeps(
        input,
        () -> {
          try {
            Envelope read = Envelope.read(ContainerSource.of(Bytes.of(input)));
            assertThat(read.size()).isEqualTo(input.length);
            assertThat(read.core().encode()).isEqualTo(read.encodedCore());
          } catch (ContainerException refused) {
            assertThat(refused.getMessage()).startsWith(refused.rule().name());
          }
        });
  }
}
