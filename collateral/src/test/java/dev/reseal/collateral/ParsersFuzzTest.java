package dev.reseal.collateral;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.sun.management.ThreadMXBean;
import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.CollateralSummary;
import dev.reseal.sgx.MalformedException;
import java.lang.management.ManagementFactory;

/**
 * Whatever bytes come, the reader of a single-file collateral set answers or throws {@link
 * MalformedException}, within 100 ms of processor time and 64 MiB of allocation.
 */
class ParsersFuzzTest {
  private static final long MOST_NANOS = 100_000_000;
  private static final long MOST_BYTES = 64 << 20;
  private static final int TRIES = 5;
  private static final ThreadMXBean CLOCK = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** The file and every part in it. */
  @FuzzTest(maxDuration = "10m")
  void bundle(byte[] input) {
    Bytes bytes = Bytes.of(input);
    long nanos = Long.MAX_VALUE;
    long allocated = Long.MAX_VALUE;
    for (int i = 0; i < TRIES && (nanos > MOST_NANOS || allocated > MOST_BYTES); i++) {
      long allocatedBefore = CLOCK.getCurrentThreadAllocatedBytes();
      long start = CLOCK.getCurrentThreadCpuTime();
      try {
        Collateral read = CollateralFiles.bundle(bytes);
        assertThat(CollateralSummary.of(read).lines()).hasSize(read.parts().size());
      } catch (MalformedException refused) {
        assertThat(refused.expected()).isNotEmpty();
      }
      nanos = Math.min(nanos, CLOCK.getCurrentThreadCpuTime() - start);
      allocated = Math.min(allocated, CLOCK.getCurrentThreadAllocatedBytes() - allocatedBefore);
    }
    assertThat(nanos).as("nanoseconds for %d bytes", input.length).isLessThanOrEqualTo(MOST_NANOS);
    assertThat(allocated).as("bytes for %d bytes", input.length).isLessThanOrEqualTo(MOST_BYTES);
  }
}
