package dev.reseal.sgx;

import java.util.Arrays;
import java.util.List;

/** Adds the loadable segments of an ELF file, page by page, as both enclave loaders do. */
final class LoadedSegments {
  private LoadedSegments() {}

  /** Changes a page before it is measured. */
  interface Patcher {
    /**
     * {@code page} is that of {@code address}; {@code size} bytes from {@code at} were read from
     * {@code offset} of the file, the rest is zero.
     */
    void apply(byte[] page, long address, long offset, int at, int size);
  }

  static void add(Pages pages, Content file, List<ElfFile.Segment> segments, Patcher patcher)
      throws MalformedException {
    for (ElfFile.Segment segment : segments) {
      SecInfo secInfo = SecInfo.regular(permissions(segment.flags()));
      long end = segment.vaddr() + segment.memSize();
      long fileEnd = segment.vaddr() + segment.fileSize();
      for (long address = pageOf(segment.vaddr()); address < end; address += Mrenclave.PAGE) {
        byte[] page = pages.page();
        Arrays.fill(page, (byte) 0);
        long from = Math.max(address, segment.vaddr());
        long to = Math.min(address + Mrenclave.PAGE, fileEnd);
        long offset = segment.offset() + (from - segment.vaddr());
        int at = (int) (from - address);
        int size = (int) Math.max(0, to - from);
        if (size > 0) {
          file.copy(offset, page, at, size);
        }
        patcher.apply(page, address, offset, at, size);
        pages.measured(address, secInfo);
      }
    }
  }

  private static long permissions(int elfFlags) {
    return ((elfFlags & 4) != 0 ? SecInfo.R : 0)
        | ((elfFlags & 2) != 0 ? SecInfo.W : 0)
        | ((elfFlags & 1) != 0 ? SecInfo.X : 0);
  }

  static long pageOf(long address) {
    return address & -Mrenclave.PAGE;
  }
}
