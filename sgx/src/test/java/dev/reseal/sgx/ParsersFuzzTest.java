package dev.reseal.sgx;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.sun.management.ThreadMXBean;
import dev.reseal.bytes.Bytes;
import java.lang.management.ManagementFactory;

/**
 * Whatever bytes come, each reader answers or throws {@link MalformedException}, within 100 ms of
 * processor time and 64 MiB of allocation. Replays its inputs; {@code JAZZER_FUZZ=1}, one method at
 * a time, looks for new ones.
 */
class ParsersFuzzTest {
  private static final long MOST_NANOS = 100_000_000;
  private static final long MOST_BYTES = 64 << 20;
  private static final int TRIES = 5;
  private static final MeasureLimits LIMITS = new MeasureLimits(1 << 14, 1 << 9);
  private static final ThreadMXBean CLOCK = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Reads some bytes. */
  private interface Reader {
    void read(Bytes bytes) throws MalformedException;
  }

  @FuzzTest
  void artifact(byte[] input) {
    bounded(
        input,
        bytes -> {
          try (Content file = Content.of(bytes)) {
            assertThat(Artifact.read(file, LIMITS).artifact()).isNotNull();
          }
        });
  }

  @FuzzTest
  void sgxs(byte[] input) {
    bounded(
        input,
        bytes -> {
          try (Content file = Content.of(bytes)) {
            assertThat(SgxsStream.measure(file, LIMITS).measured().pages()).isNotNegative();
          }
        });
  }

  @FuzzTest
  void sealedBlob(byte[] input) {
    bounded(input, bytes -> assertThat(SdkSealed.parse(bytes).encode()).isEqualTo(bytes));
  }

  @FuzzTest
  void quote(byte[] input) {
    bounded(input, bytes -> assertThat(QuoteHeader.parse(bytes).version()).isBetween(3, 5));
  }

  @FuzzTest
  void structures(byte[] input) {
    bounded(
        input,
        bytes -> {
          switch (bytes.size()) {
            case Attributes.SIZE -> same(bytes, Attributes.parse(bytes).encode());
            case SecInfo.SIZE -> same(bytes, SecInfo.parse(bytes).encode());
            case ReportBody.SIZE -> same(bytes, ReportBody.parse(bytes).encode());
            case Report.SIZE -> same(bytes, Report.parse(bytes).encode());
            case KeyRequest.SIZE -> keyRequestOrTarget(bytes);
            case SigStruct.SIZE -> same(bytes, SigStruct.parse(bytes).encode());
            case Secs.SIZE -> same(bytes, Secs.parse(bytes).encode());
            default -> same(bytes, Tcs.parse(bytes).encode());
          }
        });
  }

  private static void keyRequestOrTarget(Bytes bytes) throws MalformedException {
    if (bytes.at(0) <= KeyRequest.SEAL_KEY) {
      same(bytes, KeyRequest.parse(bytes).encode());
    } else {
      same(bytes, TargetInfo.parse(bytes).encode());
    }
  }

  private static void same(Bytes bytes, Bytes again) {
    assertThat(again).isEqualTo(bytes);
  }

  /** Cold code is slow and loads classes once; the best of a few tries counts. */
  private static void bounded(byte[] input, Reader reader) {
    Bytes bytes = Bytes.of(input);
    long nanos = Long.MAX_VALUE;
    long allocated = Long.MAX_VALUE;
    for (int i = 0; i < TRIES && (nanos > MOST_NANOS || allocated > MOST_BYTES); i++) {
      long allocatedBefore = CLOCK.getCurrentThreadAllocatedBytes();
      long start = CLOCK.getCurrentThreadCpuTime();
      try {
        reader.read(bytes);
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
