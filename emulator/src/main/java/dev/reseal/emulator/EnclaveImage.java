package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Measured;
import dev.reseal.sgx.Mrenclave;
import dev.reseal.sgx.SecInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * An enclave as it lies in a file: its pages, and the program that stands for the code in them. The
 * program's name is part of the measured code page, so another program is another MRENCLAVE.
 *
 * @param size bytes of address range, a power of two
 * @param program makes the trusted side of a fresh instance
 */
public record EnclaveImage(long size, List<Page> pages, Supplier<TrustedProgram> program) {
  /** One EADD; without {@code measured} there is no EEXTEND and the source is the zero page. */
  public record Page(long offset, SecInfo secInfo, Bytes content, boolean measured) {}

  public EnclaveImage {
    pages = List.copyOf(pages);
  }

  /**
   * The usual layout: one code page, {@code threads} TCS each with a save area, then heap.
   *
   * @param code what the code page holds: any text that tells programs apart
   */
  public static EnclaveImage of(
      String code, int threads, int heapPages, Supplier<TrustedProgram> program) {
    List<Page> pages = new ArrayList<>();
    add(pages, SecInfo.regular(SecInfo.R | SecInfo.X), Bytes.ascii(code), true);
    for (int i = 0; i < threads; i++) {
      add(pages, SecInfo.TCS, Bytes.EMPTY, true);
      add(pages, SecInfo.regular(SecInfo.R | SecInfo.W), Bytes.EMPTY, true);
    }
    for (int i = 0; i < heapPages; i++) {
      add(pages, SecInfo.regular(SecInfo.R | SecInfo.W), Bytes.EMPTY, false);
    }
    long size = Long.highestOneBit(pages.size() * 2L - 1) * Mrenclave.PAGE;
    return new EnclaveImage(Math.max(size, 2L * Mrenclave.PAGE), pages, program);
  }

  private static void add(List<Page> pages, SecInfo secInfo, Bytes content, boolean measured) {
    int missing = measured ? Mrenclave.PAGE - content.size() : 0;
    Bytes padded = Bytes.concat(content, Bytes.zeros(missing));
    pages.add(new Page((long) pages.size() * Mrenclave.PAGE, secInfo, padded, measured));
  }

  /** Offset of the first heap page. */
  public long heap() {
    return pages.stream()
        .filter(page -> !page.measured())
        .mapToLong(Page::offset)
        .findFirst()
        .orElse(size);
  }

  public long threads() {
    return pages.stream().filter(page -> page.secInfo().equals(SecInfo.TCS)).count();
  }

  /** MRENCLAVE and need, without creating anything. */
  public Measured measure() {
    Mrenclave measurer = new Mrenclave(1, size);
    long measured = 0;
    for (Page page : pages) {
      if (page.measured()) {
        measurer.page(page.offset(), page.secInfo(), page.content().buffer());
        measured++;
      } else {
        measurer.add(page.offset(), page.secInfo());
      }
    }
    return new Measured(measurer.digest(), size, pages.size(), measured);
  }
}
