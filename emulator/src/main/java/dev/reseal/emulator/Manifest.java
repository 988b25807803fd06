package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Measured;
import dev.reseal.sgx.Mrenclave;
import dev.reseal.sgx.SecInfo;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The measured list of an image: everything that may run in it, by hash, and the fixed values. It
 * names no place of this machine, so equal content has an equal measurement anywhere.
 *
 * @param libraries file name of each shared library of the interpreter to SHA-256
 * @param stdlib relative path in the standard library to SHA-256
 * @param files path in the image to SHA-256
 */
record Manifest(
    String main,
    Bytes interpreter,
    SortedMap<String, Bytes> libraries,
    SortedMap<String, Bytes> stdlib,
    SortedMap<String, Bytes> files,
    SortedMap<String, String> values) {
  /** Where every image has its boot stub, whose text is measured page by page. */
  static final String BOOT = "site/reseal/boot.py";

  private static final int SSA_FRAME_PAGES = 1;
  private static final int SSA_PAGES = 2;

  Manifest {
    libraries = Collections.unmodifiableSortedMap(new TreeMap<>(libraries));
    stdlib = Collections.unmodifiableSortedMap(new TreeMap<>(stdlib));
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
    values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
  }

  /** The text that is measured: one line an entry, kinds in a fixed order, names sorted. */
  Bytes text() {
    StringBuilder out = new StringBuilder("reseal manifest 1\n");
    line(out, "main", "", main);
    line(out, "interpreter", interpreter.toHex(), "");
    libraries.forEach((name, hash) -> line(out, "library", hash.toHex(), name));
    values.forEach((name, value) -> line(out, "value", name, value));
    files.forEach((name, hash) -> line(out, "file", hash.toHex(), name));
    stdlib.forEach((name, hash) -> line(out, "stdlib", hash.toHex(), name));
    return Bytes.wrap(out.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static void line(StringBuilder out, String kind, String first, String second) {
    out.append(kind).append('\t').append(first).append('\t').append(second).append('\n');
  }

  /**
   * Replays the load: boot stub (read, execute), manifest text (read), one thread, its save area,
   * then heap that is added without being measured.
   */
  Measured measure(Bytes bootStub, int heapPages) {
    Bytes text = text();
    long pages = pagesOf(bootStub) + pagesOf(text) + 1 + SSA_PAGES + heapPages;
    long size = Long.highestOneBit(Math.max(2, pages) * 2 - 1) * Mrenclave.PAGE;
    Mrenclave measurer = new Mrenclave(SSA_FRAME_PAGES, size);
    long at = content(measurer, 0, SecInfo.regular(SecInfo.R | SecInfo.X), bootStub);
    at = content(measurer, at, SecInfo.regular(SecInfo.R), text);
    measurer.page(at, SecInfo.TCS, ByteBuffer.allocate(Mrenclave.PAGE));
    at += Mrenclave.PAGE;
    for (int i = 0; i < SSA_PAGES + heapPages; i++) {
      measurer.add(at, SecInfo.regular(SecInfo.R | SecInfo.W));
      at += Mrenclave.PAGE;
    }
    return new Measured(measurer.digest(), size, measurer.added(), measurer.measured());
  }

  private static long pagesOf(Bytes content) {
    return (content.size() + Mrenclave.PAGE - 1L) / Mrenclave.PAGE;
  }

  private static long content(Mrenclave measurer, long at, SecInfo secInfo, Bytes content) {
    int pages = (int) pagesOf(content);
    ByteBuffer padded = ByteBuffer.allocate(pages * Mrenclave.PAGE);
    padded.put(content.buffer()).clear();
    for (int i = 0; i < pages; i++) {
      measurer.page(at + (long) i * Mrenclave.PAGE, secInfo, padded);
    }
    return at + (long) pages * Mrenclave.PAGE;
  }
}
