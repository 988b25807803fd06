package dev.reseal.sgx;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.reseal.bytes.Bytes;
import dev.reseal.fixtures.Budget;

/**
 * Whatever bytes come, each reader answers or throws {@link MalformedException}, within its budget.
 * Replays its inputs; {@code JAZZER_FUZZ=1}, one method at a time, looks for new ones.
 */
class ParsersFuzzTest {
  /** Code that counts its branches for the fuzzer is ten times slower than that of the product. */
  private static final MeasureLimits LIMITS = new MeasureLimits(1 << 12, 1 << 6);

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

  private static void bounded(byte[] input, Reader reader) {
    Budget.keeps(
        input,
        () -> {
          try {
            reader.read(Bytes.of(input));
          } catch (MalformedException refused) {
            assertThat(refused.expected()).isNotEmpty();
          }
        });
  }
}
