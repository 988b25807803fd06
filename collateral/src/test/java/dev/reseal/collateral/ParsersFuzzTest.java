package dev.reseal.collateral;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.reseal.bytes.Bytes;
import dev.reseal.fixtures.Budget;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.CollateralSummary;
import dev.reseal.sgx.MalformedException;

/**
 * Whatever bytes come, the reader of a single-file collateral set answers or throws {@link
 * MalformedException}, within its {@link Budget}.
 */
class ParsersFuzzTest {
  /** The file and every part in it. */
  @FuzzTest(maxDuration = "10m")
  void bundle(byte[] input) {
    Budget.keeps(
        input,
        () -> {
          try {
            Collateral read = CollateralFiles.bundle(Bytes.of(input));
            assertThat(CollateralSummary.of(read).lines()).hasSize(read.parts().size());
          } catch (MalformedException refused) {
            assertThat(refused.expected()).isNotEmpty();
          }
        });
  }
}
