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

  /** Code that counts its branches for the fuzzer is ten times slower than that of the product. */
  private static final MeasureLimits LIMITS = new MeasureLimits(1 << 12, 1 << 6);

  private static final ThreadMXBean CLOCK = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Reads some bytes. */
  private interface Reader {
    void read(Bytes bytes) throws MalformedException;
  }

  /** Whatever is a file of the SGX world, told by its content. */
  @FuzzTest(maxDuration = "10m")
  void artifact(byte[] input) {
    bounded(input, bytes -> read(bytes, file -> Artifact.read(file, LIMITS)));
  }

  /** Headers, metadata blocks and layout of an Intel SDK enclave; every block is measured. */
  @FuzzTest(maxDuration = "10m")
  void intelEnclave(byte[] input) {
    bounded(
        input,
        bytes ->
            read(
                bytes,
                file -> {
                  IntelEnclave enclave = IntelEnclave.parse(file);
                  for (IntelMetadata block : enclave.blocks()) {
                    enclave.measure(block, LIMITS);
                  }
                  return enclave;
                }));
  }

  /** Sections and layout of an Open Enclave image. */
  @FuzzTest(maxDuration = "10m")
  void openEnclave(byte[] input) {
    bounded(
        input,
        bytes ->
            read(
                bytes,
                file -> {
                  ElfFile elf = ElfFile.parse(file);
                  ElfFile.Section info =
                      elf.section(OpenEnclaveImage.SECTION)
                          .orElseThrow(() -> file.malformed(0, "no section", ".oeinfo"));
                  OpenEnclaveImage image = OpenEnclaveImage.of(file, info);
                  return OpenEnclaveLayout.obstacle(file, elf, info).isPresent()
                      ? image
                      : OpenEnclaveLayout.measure(file, elf, image, info, LIMITS);
                }));
  }

  @FuzzTest(maxDuration = "10m")
  void sgxs(byte[] input) {
    bounded(input, bytes -> read(bytes, file -> SgxsStream.measure(file, LIMITS)));
  }

  /** A SIGSTRUCT alone, as in {@code .sig} files; the signature is checked as well. */
  @FuzzTest(maxDuration = "10m")
  void sigStruct(byte[] input) {
    bounded(
        input,
        bytes -> {
          SigStruct parsed = SigStruct.parse(bytes);
          same(bytes, parsed.encode());
          assertThat(parsed.check()).isNotNull();
        });
  }

  @FuzzTest(maxDuration = "10m")
  void report(byte[] input) {
    bounded(
        input,
        bytes -> {
          if (bytes.size() == ReportBody.SIZE) {
            same(bytes, ReportBody.parse(bytes).encode());
          } else {
            same(bytes, Report.parse(bytes).encode());
          }
        });
  }

  @FuzzTest(maxDuration = "10m")
  void targetInfo(byte[] input) {
    bounded(input, bytes -> same(bytes, TargetInfo.parse(bytes).encode()));
  }

  @FuzzTest(maxDuration = "10m")
  void keyRequest(byte[] input) {
    bounded(input, bytes -> same(bytes, KeyRequest.parse(bytes).encode()));
  }

  @FuzzTest(maxDuration = "10m")
  void sealedBlob(byte[] input) {
    bounded(input, bytes -> same(bytes, SdkSealed.parse(bytes).encode()));
  }

  @FuzzTest(maxDuration = "10m")
  void quoteHeader(byte[] input) {
    bounded(input, bytes -> assertThat(QuoteHeader.parse(bytes).version()).isBetween(3, 5));
  }

  /** The structures that only a driver reads: by size, as their parsers ask. */
  @FuzzTest(maxDuration = "10m")
  void driverStructures(byte[] input) {
    bounded(
        input,
        bytes -> {
          switch (bytes.size()) {
            case Attributes.SIZE -> same(bytes, Attributes.parse(bytes).encode());
            case SecInfo.SIZE -> same(bytes, SecInfo.parse(bytes).encode());
            case Secs.SIZE -> secsOrTcs(bytes);
            default -> same(bytes, Secs.parse(bytes).encode());
          }
        });
  }

  /** Both are a page: a SECS begins with its size, a TCS with zero. */
  private static void secsOrTcs(Bytes bytes) throws MalformedException {
    if (bytes.slice(0, 8).allZero()) {
      same(bytes, Tcs.parse(bytes).encode());
    } else {
      same(bytes, Secs.parse(bytes).encode());
    }
  }

  private interface FileReader {
    Object read(Content file) throws MalformedException;
  }

  private static void read(Bytes bytes, FileReader reader) throws MalformedException {
    try (Content file = Content.of(bytes)) {
      assertThat(reader.read(file)).isNotNull();
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
