package dev.reseal.sgx;

import java.util.Optional;

/**
 * The thread-local data of an ELF file, of which each thread of an Open Enclave image has a copy.
 */
record ThreadLocalData(long rva, long size, long align, long bssSize, long bssAlign) {
  private static final long LARGEST = 1L << 32;

  static ThreadLocalData of(Content file, ElfFile elf) throws MalformedException {
    Optional<ElfFile.Section> data = elf.section(".tdata");
    Optional<ElfFile.Section> bss = elf.section(".tbss");
    long rva = data.map(ElfFile.Section::address).orElse(0L);
    long size = data.map(ElfFile.Section::size).orElse(0L);
    long align = data.map(ElfFile.Section::align).orElse(1L);
    for (ElfFile.Segment segment : elf.segments()) {
      if (segment.type() == ElfFile.PT_TLS) {
        if ((rva != 0 && rva != segment.vaddr()) || size != segment.fileSize()) {
          throw file.malformed(
              segment.offset(), ".tdata and PT_TLS that differ", "one thread-local segment");
        }
        // Linkers may align the segment more strictly than the section; code follows the segment.
        align = rva == segment.vaddr() ? segment.align() : align;
      }
    }
    long bssSize = bss.map(ElfFile.Section::size).orElse(0L);
    long bssAlign = bss.map(ElfFile.Section::align).orElse(1L);
    for (long value : new long[] {size, align, bssSize, bssAlign}) {
      if (value < 0 || value > LARGEST) {
        throw file.malformed(
            0, "thread-local data of 0x" + Long.toHexString(value) + " bytes", "at most 2^32");
      }
    }
    return new ThreadLocalData(rva, size, align, bssSize, bssAlign);
  }

  long pages() {
    long bytes = size == 0 ? 0 : OpenEnclaveLayout.up(size, align);
    long all = bytes + (bssSize == 0 ? 0 : OpenEnclaveLayout.up(bssSize, bssAlign));
    return OpenEnclaveLayout.up(all, Mrenclave.PAGE) / Mrenclave.PAGE;
  }
}
