package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A file of the SGX world, recognised by its content and read as far as no key is needed. */
public sealed interface Artifact {
  /** One metadata block of an Intel SDK enclave and what measuring under it gave. */
  record MeasuredBlock(IntelMetadata metadata, Measured measured) {
    /** Whether the file is what was signed. */
    public boolean matches() {
      return measured.mrEnclave().equals(metadata.sigStruct().body().enclaveHash());
    }
  }

  record IntelElf(List<MeasuredBlock> blocks) implements Artifact {
    public IntelElf {
      blocks = List.copyOf(blocks);
    }
  }

  /** What came of measuring an Open Enclave image. */
  sealed interface OpenEnclaveMeasurement {
    record Done(Measured measured) implements OpenEnclaveMeasurement {}

    /** The image is not of a form whose layout is known; {@code why} says so. */
    record NotPossible(String why) implements OpenEnclaveMeasurement {}
  }

  record OpenEnclaveElf(OpenEnclaveImage image, OpenEnclaveMeasurement measurement)
      implements Artifact {}

  record Sgxs(SgxsStream.Contents contents) implements Artifact {}

  /** A SIGSTRUCT alone, as Gramine and Fortanix keep it in {@code .sig} files. */
  record Signature(SigStruct sigStruct) implements Artifact {}

  record ReportFile(Report report) implements Artifact {}

  record ReportBodyFile(ReportBody body) implements Artifact {}

  record TargetInfoFile(TargetInfo targetInfo) implements Artifact {}

  record KeyRequestFile(KeyRequest keyRequest) implements Artifact {}

  record Quote(QuoteHeader header, long size) implements Artifact {}

  record Sealed(SdkSealed blob) implements Artifact {}

  /** What the file is said to be, and whether that is only a guess from its size. */
  record Recognised(Artifact artifact, boolean guessed) {}

  /** The largest quote and the largest sealed blob that is read. */
  int MOST_IN_MEMORY = 64 << 20;

  /**
   * Recognises and reads {@code file}; enclaves are measured. Structures without a mark of their
   * own are told by size, so that is a guess and says so. {@link MalformedException} names what is
   * wrong, or that it is nothing known.
   */
  static Recognised read(Content file, MeasureLimits limits) throws MalformedException {
    if (file.startsWith(ElfFile.MAGIC)) {
      return sure(elf(file, limits));
    }
    if (SgxsStream.recognises(file)) {
      return sure(new Sgxs(SgxsStream.measure(file, limits)));
    }
    if (file.startsWith(SigStruct.HEADER.slice(0, 8))) {
      return sure(signature(file));
    }
    if (QuoteHeader.recognises(file)) {
      return sure(new Quote(QuoteHeader.parse(file.all(MOST_IN_MEMORY)), file.size()));
    }
    return new Recognised(bySize(file), true);
  }

  private static Recognised sure(Artifact artifact) {
    return new Recognised(artifact, false);
  }

  private static Artifact elf(Content file, MeasureLimits limits) throws MalformedException {
    ElfFile elf = ElfFile.parse(file);
    for (ElfFile.Section section : elf.sections()) {
      if (section.name().equals(IntelMetadata.SECTION)) {
        IntelEnclave enclave = IntelEnclave.of(file, elf, section);
        List<MeasuredBlock> blocks = new ArrayList<>();
        for (IntelMetadata block : enclave.blocks()) {
          blocks.add(new MeasuredBlock(block, enclave.measure(block, limits)));
        }
        return new IntelElf(blocks);
      }
      if (section.name().equals(OpenEnclaveImage.SECTION)) {
        return openEnclave(file, elf, section, limits);
      }
    }
    throw file.malformed(
        0, "an ELF file without .note.sgxmeta or .oeinfo", "a signed enclave (Intel SDK or OE)");
  }

  private static Artifact openEnclave(
      Content file, ElfFile elf, ElfFile.Section info, MeasureLimits limits)
      throws MalformedException {
    OpenEnclaveImage image = OpenEnclaveImage.of(file, info);
    Optional<String> obstacle = OpenEnclaveLayout.obstacle(file, elf, info);
    return new OpenEnclaveElf(
        image,
        obstacle.isPresent()
            ? new OpenEnclaveMeasurement.NotPossible(obstacle.get())
            : new OpenEnclaveMeasurement.Done(
                OpenEnclaveLayout.measure(file, elf, image, info, limits)));
  }

  private static Artifact bySize(Content file) throws MalformedException {
    if (file.size() == Report.SIZE) {
      return new ReportFile(Report.parse(file.all(Report.SIZE)));
    }
    if (file.size() == ReportBody.SIZE) {
      return new ReportBodyFile(ReportBody.parse(file.all(ReportBody.SIZE)));
    }
    if (file.size() == KeyRequest.SIZE) {
      Bytes bytes = file.all(KeyRequest.SIZE);
      return looksLikeKeyRequest(bytes)
          ? new KeyRequestFile(KeyRequest.parse(bytes))
          : new TargetInfoFile(TargetInfo.parse(bytes));
    }
    if (file.size() > KeyRequest.SIZE
        && looksLikeKeyRequest(file.bytes(0, KeyRequest.SIZE, "KEYREQUEST"))) {
      return new Sealed(SdkSealed.parse(file.all(MOST_IN_MEMORY)));
    }
    if (file.size() == SigStruct.SIZE) {
      return signature(file);
    }
    throw file.malformed(
        0,
        file.size() + " bytes that begin with " + start(file),
        "an enclave (ELF, SGXS), quote, sealed state, SIGSTRUCT (1808 bytes), REPORT (432), REPORT"
            + " body (384), TARGETINFO or KEYREQUEST (512), or sealed blob (more than 560)");
  }

  private static Artifact signature(Content file) throws MalformedException {
    if (file.size() != SigStruct.SIZE) {
      throw new MalformedException(
          "SIGSTRUCT",
          Math.min(SigStruct.SIZE, file.size()),
          file.size() + " bytes",
          SigStruct.SIZE + " bytes");
    }
    return new Signature(SigStruct.parse(file.all(SigStruct.SIZE)));
  }

  /** Both are 512 bytes: a key request begins with two small numbers, target info with a hash. */
  private static boolean looksLikeKeyRequest(Bytes bytes) {
    return bytes.at(0) >= 0
        && bytes.at(0) <= KeyRequest.SEAL_KEY
        && bytes.at(1) == 0
        && (bytes.at(2) & 0xC0) == 0
        && bytes.at(3) == 0
        && bytes.slice(6, 2).allZero()
        && bytes.slice(78, 434).allZero();
  }

  private static String start(Content file) throws MalformedException {
    int size = (int) Math.min(8, file.size());
    return size == 0 ? "nothing" : file.bytes(0, size, "start").toHex();
  }
}
