package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Replays the loader of Open Enclave release 0.19 (host/sgx/loadelf.c, create.c): segments with the
 * properties and a few symbols filled in, relocations, heap, then per thread a stack between guard
 * pages and the control pages.
 */
final class OpenEnclaveLayout {
  private static final int PROPERTIES = 1960;
  private static final int IMAGE_INFO = 96;
  private static final int SIGSTRUCT = 144;
  private static final int RELOCATION = 24;
  private static final int TPOFF64 = 18;
  private static final int CONTROL_PAGES = 4;
  private static final int DATA_PAGES = 1;
  private static final int FLAG_ZERO_BASE = 0x2;
  private static final long DT_NEEDED = 1;
  private static final int PAGE = Mrenclave.PAGE;
  private static final SecInfo READ = SecInfo.regular(SecInfo.R);
  private static final SecInfo READ_WRITE = SecInfo.regular(SecInfo.R | SecInfo.W);

  /** Bytes that replace those at an address of the image. */
  private record Patch(long address, Bytes bytes) {
    static Patch u64(long address, long... values) {
      Writer out = new Writer(8 * values.length);
      for (long value : values) {
        out.u64(value);
      }
      return new Patch(address, out.done());
    }
  }

  private final Content file;
  private final ElfFile elf;
  private final OpenEnclaveImage image;
  private final ElfFile.Section info;
  private final DynamicSymbols symbols;
  private final List<ElfFile.Section> relocations = new ArrayList<>();
  private final long relocationBytes;
  private final long imageSize;
  private final ThreadLocalData tls;

  private OpenEnclaveLayout(
      Content file,
      ElfFile elf,
      OpenEnclaveImage image,
      ElfFile.Section info,
      DynamicSymbols symbols)
      throws MalformedException {
    this.file = file;
    this.elf = elf;
    this.image = image;
    this.info = info;
    this.symbols = symbols;
    long bytes = 0;
    for (String name : List.of(".rela.dyn", ".rela.plt")) {
      Optional<ElfFile.Section> section = elf.section(name);
      if (section.isPresent() && section.get().size() > 0) {
        file.require(section.get().offset(), section.get().size(), name);
        relocations.add(section.get());
        bytes += section.get().size();
      }
    }
    this.relocationBytes = bytes;
    long end = 0;
    for (ElfFile.Segment segment : elf.loadable()) {
      end = Math.max(end, segment.vaddr() + segment.memSize());
    }
    this.imageSize = up(end, PAGE);
    this.tls = ThreadLocalData.of(file, elf);
  }

  /** Why {@code image} cannot be measured by replaying this layout; empty if it can. */
  static Optional<String> obstacle(Content file, ElfFile elf, ElfFile.Section info)
      throws MalformedException {
    if (info.size() < PROPERTIES || file.u32(info.offset(), "properties size") != PROPERTIES) {
      return Optional.of("its properties are not those of release 0.19");
    }
    if ((file.u32(info.offset() + 36, "flags") & FLAG_ZERO_BASE) != 0) {
      return Optional.of("it asks for base address zero, whose layout was never compared");
    }
    Optional<DynamicSymbols> symbols = DynamicSymbols.read(file, elf);
    if (symbols.isEmpty() || symbols.get().value("_td_from_tcs_offset").isEmpty()) {
      return Optional.of("it lacks the symbols that release 0.19 fills in");
    }
    if (needsModule(file, elf)) {
      return Optional.of("it needs a second module, which is measured with it");
    }
    return Optional.empty();
  }

  private static boolean needsModule(Content file, ElfFile elf) throws MalformedException {
    for (ElfFile.Segment segment : elf.segments()) {
      if (segment.type() == ElfFile.PT_DYNAMIC) {
        file.require(segment.offset(), segment.fileSize(), "dynamic segment");
        for (long at = 0; at + 16 <= segment.fileSize(); at += 16) {
          if (file.u64(segment.offset() + at, "d_tag") == DT_NEEDED) {
            return true;
          }
        }
      }
    }
    return false;
  }

  /** Measures an image for which there is no {@link #obstacle}. */
  static Measured measure(
      Content file, ElfFile elf, OpenEnclaveImage image, ElfFile.Section info, MeasureLimits limits)
      throws MalformedException {
    DynamicSymbols symbols =
        DynamicSymbols.read(file, elf)
            .orElseThrow(() -> file.malformed(0, "no dynamic symbols", "some"));
    return new OpenEnclaveLayout(file, elf, image, info, symbols).run(limits);
  }

  private Measured run(MeasureLimits limits) throws MalformedException {
    long relocationSize = up(relocationBytes, PAGE);
    long size = enclaveSize(relocationSize);
    Pages pages = new Pages("enclave", 1, size, 0, limits);
    List<Patch> patches = patches(relocationSize, size);
    LoadedSegments.add(
        pages, file, elf.loadable(), (page, address, _, _, _) -> apply(patches, page, address));
    long next = imageSize;
    for (long at = 0; at < relocationSize; at += PAGE) {
      fillRelocations(pages.page(), at);
      pages.measured(next, READ);
      next += PAGE;
    }
    for (long i = 0; i < image.heapPages(); i++) {
      pages.added(next, READ_WRITE);
      next += PAGE;
    }
    for (long i = 0; i < image.threads(); i++) {
      next = addThread(pages, next);
    }
    return pages.done();
  }

  private long enclaveSize(long relocationSize) throws MalformedException {
    long perThread = image.stackPages() + 2 + tls.pages() + CONTROL_PAGES + DATA_PAGES;
    long most = 1L << 40;
    if (image.heapPages() > most / PAGE
        || image.threads() > most / PAGE
        || image.stackPages() > most / PAGE
        || imageSize > most
        || tls.pages() > most / PAGE
        || image.threads() * perThread > most / PAGE) {
      throw file.malformed(
          info.offset(),
          image.heapPages() + " heap pages, " + image.threads() + " threads",
          "an enclave of at most 2^40 bytes");
    }
    long total =
        imageSize + relocationSize + (image.heapPages() + image.threads() * perThread) * PAGE;
    long floor = Math.max(total, 2 * PAGE);
    return Long.highestOneBit(floor) == floor ? floor : Long.highestOneBit(floor) << 1;
  }

  private long addThread(Pages pages, long start) throws MalformedException {
    long next = start + PAGE;
    Arrays.fill(pages.page(), (byte) 0xCC);
    for (long i = 0; i < image.stackPages(); i++) {
      pages.measured(next, READ_WRITE);
      next += PAGE;
    }
    next += PAGE;
    long segment = next + (tls.pages() + CONTROL_PAGES) * PAGE;
    Tcs tcs = new Tcs(0, next + PAGE, 0, 2, elf.entry(), segment, segment, -1, -1);
    System.arraycopy(tcs.encode().toArray(), 0, pages.page(), 0, PAGE);
    pages.measured(next, SecInfo.TCS);
    next += PAGE;
    Arrays.fill(pages.page(), (byte) 0);
    for (int i = 0; i < 2; i++) {
      pages.measured(next, READ_WRITE);
      next += PAGE;
    }
    next += PAGE;
    for (long i = 0; i < tls.pages() + DATA_PAGES; i++) {
      pages.measured(next, READ_WRITE);
      next += PAGE;
    }
    return next;
  }

  private List<Patch> patches(long relocationSize, long size) {
    List<Patch> patches = new ArrayList<>();
    long at = info.address();
    patches.add(
        Patch.u64(
            at + IMAGE_INFO,
            at,
            PROPERTIES,
            imageSize,
            relocationSize,
            imageSize + relocationSize,
            size));
    patches.add(new Patch(at + SIGSTRUCT, Bytes.zeros(SigStruct.SIZE)));
    symbols.value("_enclave_rva").ifPresent(rva -> patches.add(Patch.u64(rva, rva)));
    symbol(patches, "_reloc_rva", imageSize);
    symbol(patches, "_reloc_size", relocationSize);
    if (tls.size() != 0) {
      symbol(patches, "_tdata_rva", tls.rva());
      symbol(patches, "_tdata_size", tls.size());
      symbol(patches, "_tdata_align", tls.align());
    }
    if (tls.bssSize() != 0) {
      symbol(patches, "_tbss_size", tls.bssSize());
      symbol(patches, "_tbss_align", tls.bssAlign());
    }
    symbol(patches, "_td_from_tcs_offset", (tls.pages() + CONTROL_PAGES) * PAGE);
    return patches;
  }

  private void symbol(List<Patch> patches, String name, long value) {
    symbols.value(name).ifPresent(address -> patches.add(Patch.u64(address, value)));
  }

  private static void apply(List<Patch> patches, byte[] page, long address) {
    for (Patch patch : patches) {
      long from = Math.max(address, patch.address);
      long to = Math.min(address + PAGE, patch.address + patch.bytes.size());
      if (from < to) {
        Bytes bytes = patch.bytes.slice((int) (from - patch.address), (int) (to - from));
        System.arraycopy(bytes.toArray(), 0, page, (int) (from - address), bytes.size());
      }
    }
  }

  /** The relocations from byte {@code start} of the merged table, zeros behind its end. */
  private void fillRelocations(byte[] page, long start) throws MalformedException {
    Arrays.fill(page, (byte) 0);
    long begin = 0;
    for (ElfFile.Section section : relocations) {
      long first = Math.max(0, start - begin) / RELOCATION * RELOCATION;
      for (long at = first; at < section.size() && begin + at < start + PAGE; at += RELOCATION) {
        int size = (int) Math.min(RELOCATION, section.size() - at);
        Bytes entry = relocation(section.offset() + at, size);
        long place = begin + at - start;
        for (int i = 0; i < size; i++) {
          if (place + i >= 0 && place + i < PAGE) {
            page[(int) (place + i)] = entry.at(i);
          }
        }
      }
      begin += section.size();
    }
  }

  /** A thread-local relocation gets its symbol's value, so that the enclave need not look it up. */
  private Bytes relocation(long at, int size) throws MalformedException {
    Bytes entry = file.bytes(at, size, "relocation");
    if (size == RELOCATION && file.u32(at + 8, "r_info") == TPOFF64) {
      long value = symbols.value(file.u32(at + 12, "r_info"));
      return Bytes.concat(entry.slice(0, 16), new Writer(8).u64(value).done());
    }
    return entry;
  }

  static long up(long value, long multiple) {
    long step = Math.max(1, multiple);
    return (value + step - 1) / step * step;
  }
}
