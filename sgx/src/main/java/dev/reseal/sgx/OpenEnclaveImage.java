package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.util.Optional;

/**
 * What an Open Enclave (also EGo) image says of itself in its {@code .oeinfo} section: the size
 * settings at its start and the SIGSTRUCT inside.
 *
 * @param offset where the section starts in the file
 * @param threads thread control structures
 * @param sigStruct empty in an image that was not signed
 */
public record OpenEnclaveImage(
    long offset, long heapPages, long stackPages, long threads, Optional<SigStruct> sigStruct) {
  static final String SECTION = ".oeinfo";

  private static final int HEADER = 32;
  private static final int LARGEST_SECTION = 1 << 16;
  private static final int TYPE_SGX = 2;
  private static final int TYPE_AUTO = 1;

  static OpenEnclaveImage of(Content file, ElfFile.Section section) throws MalformedException {
    if (section.size() < HEADER || section.size() > LARGEST_SECTION) {
      throw file.malformed(
          section.offset(),
          SECTION + " of " + section.size() + " bytes",
          HEADER + " to " + LARGEST_SECTION);
    }
    Content in = file.part(SECTION, section.offset(), section.size());
    long type = in.u32(4, "enclave type");
    if (type != TYPE_SGX && type != TYPE_AUTO) {
      throw in.malformed(4, "enclave type " + type, "2 (SGX)");
    }
    return new OpenEnclaveImage(
        section.offset(),
        in.amount(8, "heap pages"),
        in.amount(16, "stack pages"),
        in.amount(24, "threads"),
        sigStruct(in));
  }

  private static Optional<SigStruct> sigStruct(Content in) throws MalformedException {
    Bytes section = in.all(LARGEST_SECTION);
    for (int at = HEADER; at + SigStruct.SIZE <= section.size(); at++) {
      if (starts(section, at, SigStruct.HEADER) && starts(section, at + 24, SigStruct.HEADER2)) {
        return Optional.of(SigStruct.parse(section.slice(at, SigStruct.SIZE)));
      }
    }
    return Optional.empty();
  }

  private static boolean starts(Bytes section, int at, Bytes expected) {
    for (int i = 0; i < expected.size(); i++) {
      if (section.at(at + i) != expected.at(i)) {
        return false;
      }
    }
    return true;
  }
}
