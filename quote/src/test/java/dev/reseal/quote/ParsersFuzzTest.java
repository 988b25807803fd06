package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.sun.management.ThreadMXBean;
import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.lang.management.ManagementFactory;
import java.util.List;

/**
 * Whatever bytes come, each reader answers or throws {@link MalformedException}, within 100 ms of
 * processor time and 64 MiB of allocation. Replays its inputs; {@code JAZZER_FUZZ=1}, one method at
 * a time, looks for new ones.
 */
class ParsersFuzzTest {
  private static final long MOST_NANOS = 100_000_000;
  private static final long MOST_BYTES = 64 << 20;
  private static final int TRIES = 5;
  private static final ThreadMXBean CLOCK = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Reads some bytes. */
  interface Reader {
    Object read(Bytes bytes) throws MalformedException;
  }

  @FuzzTest(maxDuration = "10m")
  void quote(byte[] input) {
    bounded(input, Quote::parse);
  }

  @FuzzTest(maxDuration = "10m")
  void certificate(byte[] input) {
    bounded(input, bytes -> Certificate.parse("certificate", bytes.toArray()));
  }

  @FuzzTest(maxDuration = "10m")
  void chain(byte[] input) {
    bounded(input, bytes -> Certificate.chain("chain", bytes, 3));
  }

  @FuzzTest(maxDuration = "10m")
  void revocationList(byte[] input) {
    bounded(input, bytes -> Crl.parse("CRL", bytes));
  }

  @FuzzTest(maxDuration = "10m")
  void tcbInfo(byte[] input) {
    bounded(input, bytes -> TcbInfo.read(SignedJson.parse(List.of("tcbInfo"), bytes).value()));
  }

  @FuzzTest(maxDuration = "10m")
  void qeIdentity(byte[] input) {
    bounded(
        input,
        bytes ->
            QeIdentity.read(
                SignedJson.parse(List.of("enclaveIdentity", "qeIdentity"), bytes).value()));
  }

  @FuzzTest(maxDuration = "10m")
  void policy(byte[] input) {
    bounded(input, PolicyFile::parse);
  }

  /** Cold code is slow and loads classes once; the best of a few tries counts. */
  static void bounded(byte[] input, Reader reader) {
    Bytes bytes = Bytes.of(input);
    long nanos = Long.MAX_VALUE;
    long allocated = Long.MAX_VALUE;
    for (int i = 0; i < TRIES && (nanos > MOST_NANOS || allocated > MOST_BYTES); i++) {
      long allocatedBefore = CLOCK.getCurrentThreadAllocatedBytes();
      long start = CLOCK.getCurrentThreadCpuTime();
      try {
        assertThat(reader.read(bytes)).isNotNull();
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
