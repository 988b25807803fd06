package dev.reseal.sgx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A signed enclave of the Intel SDK: an ELF file whose {@code .note.sgxmeta} section says how its
 * loader lays it out. Measuring replays that loader page by page from the mapped file.
 */
public final class IntelEnclave {
  private static final int PATCH = 32;

  /** Each is looked at for each page of the file; a signing tool writes a few dozen. */
  private static final int MOST_PATCHES = 1_024;

  private static final int TCS_TEMPLATE = 72;
  private static final int[] TCS_ADDRESSES = {16, 48, 56};
  private static final long DT_TEXTREL = 22;

  /** Bytes of the block that replace bytes of the file before it is loaded. */
  private record Patch(long target, long source, long size) {}

  private final Content file;
  private final ElfFile elf;
  private final List<IntelMetadata> blocks;

  private IntelEnclave(Content file, ElfFile elf, List<IntelMetadata> blocks) {
    this.file = file;
    this.elf = elf;
    this.blocks = blocks;
  }

  static IntelEnclave of(Content file, ElfFile elf, ElfFile.Section note)
      throws MalformedException {
    refuseTextRelocations(file, elf);
    return new IntelEnclave(file, elf, IntelMetadata.parseAll(file, note));
  }

  /**
   * Reads the headers of {@code file}, which must stay open; {@link MalformedException} unless it
   * is a signed Intel SDK enclave.
   */
  public static IntelEnclave parse(Content file) throws MalformedException {
    ElfFile elf = ElfFile.parse(file);
    ElfFile.Section note =
        elf.section(IntelMetadata.SECTION)
            .orElseThrow(() ->
                file.malformed(
                    0, "an ELF file without .note.sgxmeta", "a signed Intel SDK enclave"));
    return of(file, elf, note);
  }

  /** In file order. */
  public List<IntelMetadata> blocks() {
    return blocks;
  }

  /** MRENCLAVE as the loader would get it from {@code block}, one of {@link #blocks}. */
  public Measured measure(IntelMetadata block, MeasureLimits limits) throws MalformedException {
    long size = block.enclaveSize();
    long shift = 0;
    Content in = block(block);
    if (block.elRange().offset() != 0 && block.elRange().size() == 24) {
      long at = block.elRange().offset();
      long elSize = in.u64(at + 16, "elrange_size");
      if (elSize != 0) {
        size = powerOfTwo(in, at + 16, elSize);
        shift = in.amount(at, "image_address") - in.amount(at + 8, "elrange_start");
      }
    }
    Pages pages = new Pages("enclave", block.ssaFramePages(), size, shift, limits);
    List<Patch> patches = patches(in, block.patches());
    LoadedSegments.add(
        pages,
        file,
        elf.loadable(),
        (page, _, offset, at, count) -> apply(in, patches, offset, page, at, count));
    IntelLayout.parse(in, block.layout(), limits.pages())
        .forEach((area, delta) -> addArea(pages, in, area, delta));
    return pages.done();
  }

  private Content block(IntelMetadata block) throws MalformedException {
    long size = file.u32(block.offset() + 16, "metadata size");
    return file.part("metadata block", block.offset(), size);
  }

  private static long powerOfTwo(Content in, long at, long size) throws MalformedException {
    if (size < 2 * Mrenclave.PAGE || Long.bitCount(size) != 1) {
      throw in.malformed(at, "size 0x" + Long.toHexString(size), "a power of two above 0x1000");
    }
    return size;
  }

  private List<Patch> patches(Content in, IntelMetadata.Directory table) throws MalformedException {
    if (table.size() / PATCH > MOST_PATCHES) {
      throw in.malformed(
          table.offset(), table.size() / PATCH + " patches", "at most " + MOST_PATCHES);
    }
    List<Patch> patches = new ArrayList<>();
    long bytes = 0;
    for (long at = table.offset(); at + PATCH <= table.offset() + table.size(); at += PATCH) {
      Patch patch =
          new Patch(
              in.amount(at, "patch target"),
              in.u32(at + 8, "patch source"),
              in.u32(at + 12, "patch size"));
      in.require(patch.source, patch.size, "patch");
      file.require(patch.target, patch.size, "patched range");
      bytes += patch.size;
      if (bytes > in.size()) {
        throw in.malformed(
            at, bytes + " bytes of patches", "no more than the block has, " + in.size());
      }
      patches.add(patch);
    }
    return patches;
  }

  /** Lays the patches over {@code size} bytes that were read from {@code offset} of the file. */
  private static void apply(
      Content in, List<Patch> patches, long offset, byte[] page, int at, int size) {
    if (size == 0) {
      return;
    }
    for (Patch patch : patches) {
      long from = Math.max(offset, patch.target);
      long to = Math.min(offset + size, patch.target + patch.size);
      if (from < to) {
        in.copy(
            patch.source + (from - patch.target),
            page,
            at + (int) (from - offset),
            (int) (to - from));
      }
    }
  }

  private static void addArea(Pages pages, Content in, IntelLayout.Area area, long delta)
      throws MalformedException {
    if (!area.added() || (area.contentOffset() == 0 && area.flags() == 0)) {
      return;
    }
    SecInfo secInfo = SecInfo.checked("layout table", 0, area.flags());
    long address = area.rva() + delta;
    boolean measured = area.measured();
    if (area.contentOffset() == 0) {
      fillPattern(pages.page(), (int) area.contentSize());
    } else if (area.flags() == SecInfo.TYPE_TCS) {
      fillTcs(pages.page(), in, area, address);
    } else {
      addContent(pages, in, area, address, secInfo);
      return;
    }
    for (long i = 0; i < area.pages(); i++) {
      if (measured) {
        pages.measured(address + i * Mrenclave.PAGE, secInfo);
      } else {
        pages.added(address + i * Mrenclave.PAGE, secInfo);
      }
    }
  }

  private static void fillPattern(byte[] page, int pattern) {
    for (int i = 0; i < page.length; i++) {
      page[i] = (byte) (pattern >>> (8 * (i % 4)));
    }
  }

  private static void fillTcs(byte[] page, Content in, IntelLayout.Area area, long address)
      throws MalformedException {
    if (area.contentSize() > TCS_TEMPLATE) {
      throw in.malformed(
          area.contentOffset(), "TCS template of " + area.contentSize() + " bytes", "at most 72");
    }
    in.require(area.contentOffset(), area.contentSize(), "TCS template");
    Arrays.fill(page, (byte) 0);
    in.copy(area.contentOffset(), page, 0, (int) area.contentSize());
    for (int at : TCS_ADDRESSES) {
      long value = 0;
      for (int i = 7; i >= 0; i--) {
        value = (value << 8) | (page[at + i] & 0xFF);
      }
      value += address;
      for (int i = 0; i < 8; i++) {
        page[at + i] = (byte) (value >>> (8 * i));
      }
    }
  }

  private static void addContent(
      Pages pages, Content in, IntelLayout.Area area, long address, SecInfo secInfo)
      throws MalformedException {
    in.require(area.contentOffset(), area.contentSize(), "layout content");
    if (area.contentSize() > area.pages() * Mrenclave.PAGE) {
      throw in.malformed(
          area.contentOffset(),
          area.contentSize() + " bytes of content",
          "at most " + area.pages() + " pages");
    }
    for (long i = 0; i < area.pages(); i++) {
      byte[] page = pages.page();
      Arrays.fill(page, (byte) 0);
      long done = i * Mrenclave.PAGE;
      int size = Math.clamp(area.contentSize() - done, 0, Mrenclave.PAGE);
      in.copy(area.contentOffset() + Math.min(done, area.contentSize()), page, 0, size);
      pages.measured(address + done, secInfo);
    }
  }

  /** With text relocations the loader widens permissions in a way that is not replayed here. */
  private static void refuseTextRelocations(Content file, ElfFile elf) throws MalformedException {
    for (ElfFile.Segment segment : elf.segments()) {
      if (segment.type() != ElfFile.PT_DYNAMIC) {
        continue;
      }
      file.require(segment.offset(), segment.fileSize(), "dynamic segment");
      for (long at = 0; at + 16 <= segment.fileSize(); at += 16) {
        long tag = file.u64(segment.offset() + at, "d_tag");
        if (tag == 0) {
          break;
        }
        if (tag == DT_TEXTREL) {
          throw file.malformed(
              segment.offset() + at,
              "DT_TEXTREL",
              "an enclave without text relocations (their layout is not replayed)");
        }
      }
    }
  }
}
