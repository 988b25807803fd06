package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * One {@code metadata_t} block of an Intel SDK enclave (linux-sgx {@code
 * common/inc/internal/metadata.h}): what its loader needs and the SIGSTRUCT that fits it. A file
 * signed for hosts with and without EDMM holds two, with two measurements.
 *
 * @param offset where the block starts in the file
 * @param enclaveSize bytes of address range, a power of two
 */
public record IntelMetadata(
    long offset,
    int major,
    int minor,
    int tcsPolicy,
    int ssaFramePages,
    int miscSelect,
    long enclaveSize,
    Attributes attributes,
    SigStruct sigStruct,
    Directory patches,
    Directory layout,
    Directory elRange) {
  static final String SECTION = ".note.sgxmeta";

  private static final long MAGIC = 0x86A80294635D0E4CL;
  private static final Bytes NAME = Bytes.ascii("sgx_metadata\0");
  private static final int HEADER = 1904;
  private static final int DIRECTORIES = 1872;
  private static final int LARGEST = 1 << 24;
  private static final int MOST_BLOCKS = 16;

  /** A table inside the block; {@code offset} counts from the start of the block. */
  public record Directory(long offset, long size) {}

  /** Whether the Intel loader takes this block only where CPU and driver have EDMM. */
  public boolean edmm() {
    return major % 10 >= 3;
  }

  public String version() {
    return major + "." + minor;
  }

  /** All blocks of the note section, in file order; at least one. */
  static List<IntelMetadata> parseAll(Content file, ElfFile.Section note)
      throws MalformedException {
    file.require(note.offset(), note.size(), SECTION);
    long at = note.offset();
    long end = at + note.size();
    long nameSize = file.u32(at, "note name size");
    at += 12;
    if (nameSize != NAME.size()) {
      throw file.malformed(at - 12, "note name of " + nameSize + " bytes", NAME.size() + " bytes");
    }
    Bytes name = file.bytes(at, NAME.size(), "note name");
    if (!name.equals(NAME)) {
      throw file.malformed(
          at, new String(name.toArray(), StandardCharsets.ISO_8859_1), "sgx_metadata");
    }
    at += NAME.size();
    List<IntelMetadata> blocks = new ArrayList<>();
    while (at + 8 <= end && file.u64(at, "metadata magic") == MAGIC) {
      if (blocks.size() == MOST_BLOCKS) {
        throw file.malformed(at, "another metadata block", "at most " + MOST_BLOCKS);
      }
      long size = file.u32(at + 16, "metadata size");
      blocks.add(parse(file, at, size));
      at += size;
    }
    if (blocks.isEmpty()) {
      throw file.malformed(
          at, "no metadata block", "magic " + Long.toHexString(MAGIC) + " (is the file signed?)");
    }
    return List.copyOf(blocks);
  }

  private static IntelMetadata parse(Content file, long at, long size) throws MalformedException {
    if (size < HEADER || size > LARGEST) {
      throw file.malformed(at + 16, "metadata size " + size, HEADER + " to " + LARGEST);
    }
    Content in = file.part("metadata block", at, size);
    long version = in.u64(8, "version");
    long enclaveSize = in.u64(40, "enclave_size");
    if (enclaveSize < 2 * Mrenclave.PAGE || Long.bitCount(enclaveSize) != 1) {
      throw in.malformed(
          40, "enclave_size 0x" + Long.toHexString(enclaveSize), "a power of two above 0x1000");
    }
    return new IntelMetadata(
        at,
        (int) (version >>> 32),
        (int) version,
        (int) in.u32(20, "tcs_policy"),
        (int) in.u32(24, "ssa_frame_size"),
        (int) in.u32(32, "desired_misc_select"),
        enclaveSize,
        new Attributes(in.u64(48, "attributes"), in.u64(56, "attributes")),
        SigStruct.parse(in.bytes(64, SigStruct.SIZE, "SIGSTRUCT")),
        directory(in, 0, size),
        directory(in, 1, size),
        directory(in, 2, size));
  }

  private static Directory directory(Content in, int index, long size) throws MalformedException {
    long at = DIRECTORIES + 8L * index;
    Directory directory =
        new Directory(in.u32(at, "directory offset"), in.u32(at + 4, "directory size"));
    if (directory.offset + directory.size > size) {
      throw in.malformed(
          at,
          "directory " + index + " at " + directory.offset + " of " + directory.size + " bytes",
          "an end within the block of " + size + " bytes");
    }
    return directory;
  }
}
