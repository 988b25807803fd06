package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The parts of an ELF64 little-endian x86-64 file that enclave loaders look at: program headers and
 * named sections (System V ABI, "Object Files").
 */
final class ElfFile {
  static final Bytes MAGIC = Bytes.hex("7f454c46");
  static final int PT_LOAD = 1;
  static final int PT_DYNAMIC = 2;
  static final int PT_TLS = 7;

  private static final Bytes CLASS_AND_DATA = Bytes.hex("0201");
  private static final int X86_64 = 62;
  private static final int PROGRAM_HEADER = 56;
  private static final int SECTION_HEADER = 64;
  private static final int LONGEST_NAME = 256;

  /** One program header; {@code flags} are PF_X 1, PF_W 2, PF_R 4. */
  record Segment(
      int type, int flags, long offset, long vaddr, long fileSize, long memSize, long align) {}

  record Section(String name, int type, long address, long offset, long size, long align) {}

  private final long entry;
  private final List<Segment> segments;
  private final List<Section> sections;

  private ElfFile(long entry, List<Segment> segments, List<Section> sections) {
    this.entry = entry;
    this.segments = segments;
    this.sections = sections;
  }

  static ElfFile parse(Content in) throws MalformedException {
    Bytes magic = in.bytes(0, 4, "ELF magic");
    if (!magic.equals(MAGIC)) {
      throw in.malformed(0, magic.toHex(), MAGIC.toHex() + " (ELF)");
    }
    Bytes kind = in.bytes(4, 2, "ELF class");
    if (!kind.equals(CLASS_AND_DATA)) {
      throw in.malformed(4, kind.toHex(), "0201 (64-bit, little-endian)");
    }
    int machine = in.u16(18, "e_machine");
    if (machine != X86_64) {
      throw in.malformed(18, "e_machine " + machine, "62 (x86-64)");
    }
    return new ElfFile(in.u64(24, "e_entry"), segments(in), sections(in));
  }

  private static List<Segment> segments(Content in) throws MalformedException {
    long table = in.amount(32, "e_phoff");
    int count = entries(in, 54, 56, PROGRAM_HEADER, "program header");
    List<Segment> segments = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long at = table + (long) i * PROGRAM_HEADER;
      in.require(at, PROGRAM_HEADER, "program header " + i);
      Segment segment =
          new Segment(
              (int) in.u32(at, "p_type"),
              (int) in.u32(at + 4, "p_flags"),
              in.u64(at + 8, "p_offset"),
              in.u64(at + 16, "p_vaddr"),
              in.u64(at + 32, "p_filesz"),
              in.u64(at + 40, "p_memsz"),
              in.u64(at + 48, "p_align"));
      if (segment.type == PT_LOAD) {
        checkLoadable(in, at);
      }
      segments.add(segment);
    }
    return segments;
  }

  private static void checkLoadable(Content in, long at) throws MalformedException {
    long offset = in.amount(at + 8, "p_offset");
    in.amount(at + 16, "p_vaddr");
    long fileSize = in.amount(at + 32, "p_filesz");
    long memSize = in.amount(at + 40, "p_memsz");
    in.require(offset, fileSize, "segment");
    if (fileSize > memSize) {
      throw in.malformed(at + 32, "p_filesz " + fileSize, "at most p_memsz " + memSize);
    }
  }

  private static List<Section> sections(Content in) throws MalformedException {
    long table = in.amount(40, "e_shoff");
    if (table == 0) {
      return List.of();
    }
    int count = entries(in, 58, 60, SECTION_HEADER, "section header");
    int names = in.u16(62, "e_shstrndx");
    if (count > 0 && names >= count) {
      throw in.malformed(62, "e_shstrndx " + names, "below e_shnum " + count);
    }
    List<Section> sections = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long at = table + (long) i * SECTION_HEADER;
      long strings = in.amount(table + (long) names * SECTION_HEADER + 24, "sh_offset");
      sections.add(
          new Section(
              name(in, strings + in.u32(at, "sh_name")),
              (int) in.u32(at + 4, "sh_type"),
              in.u64(at + 16, "sh_addr"),
              in.u64(at + 24, "sh_offset"),
              in.u64(at + 32, "sh_size"),
              in.u64(at + 48, "sh_addralign")));
    }
    return sections;
  }

  private static int entries(Content in, int sizeAt, int countAt, int size, String what)
      throws MalformedException {
    int count = in.u16(countAt, what + " count");
    int found = in.u16(sizeAt, what + " size");
    if (count > 0 && found != size) {
      throw in.malformed(sizeAt, what + " size " + found, Integer.toString(size));
    }
    return count;
  }

  private static String name(Content in, long at) throws MalformedException {
    StringBuilder name = new StringBuilder();
    for (long i = at; name.length() < LONGEST_NAME; i++) {
      char c = (char) (in.bytes(i, 1, "section name").at(0) & 0xFF);
      if (c == 0) {
        return name.toString();
      }
      name.append(c);
    }
    throw in.malformed(at, "a longer section name", "at most " + LONGEST_NAME + " bytes");
  }

  long entry() {
    return entry;
  }

  List<Segment> segments() {
    return segments;
  }

  List<Segment> loadable() {
    return segments.stream().filter(segment -> segment.type == PT_LOAD).toList();
  }

  List<Section> sections() {
    return sections;
  }

  Optional<Section> section(String name) {
    return sections.stream().filter(section -> section.name.equals(name)).findFirst();
  }
}
