package dev.reseal.sgx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class OpenEnclaveTest {
  private static final int INFO = 0x2000;
  private static final int SYMBOLS = 0x2800;
  private static final int TLS = 0x2900;
  private static final int TABLES = 0x3000;
  private static final String[] NAMES = {
    "_enclave_rva",
    "_reloc_rva",
    "_reloc_size",
    "_tdata_rva",
    "_tdata_size",
    "_tdata_align",
    "_td_from_tcs_offset",
    "thread_variable"
  };
  private static final SecInfo RW = SecInfo.regular(SecInfo.R | SecInfo.W);
  private static final Bytes CODE = new Samples(31).bytes(0x800);
  private static final Bytes DATA = new Samples(32).bytes(16);

  /** The pages put together by hand. */
  @Test
  void propertiesSymbolsRelocationsAndThreadsBecomeTheRightPages() throws MalformedException {
    Mrenclave expected = new Mrenclave(1, 0x10000);
    expected.page(0, SecInfo.regular(SecInfo.R | SecInfo.X), padded(CODE).buffer());
    ByteBuffer data = page();
    properties(data.slice(0, 1960).order(ByteOrder.LITTLE_ENDIAN));
    data.putLong(96, INFO).putLong(104, 1960).putLong(112, 0x3000).putLong(120, 0x1000);
    data.putLong(128, 0x4000).putLong(136, 0x10000);
    long[] values = {SYMBOLS, 0x3000, 0x1000, TLS, 16, 8, 0x5000};
    for (int i = 0; i < values.length; i++) {
      data.putLong(SYMBOLS - INFO + 8 * i, values[i]);
    }
    data.put(TLS - INFO, DATA.buffer(), 0, 16);
    expected.page(0x2000, RW, data);
    ByteBuffer relocations = page();
    relocations.putLong(0x2ff0).putLong(8).putLong(0x1234);
    relocations.putLong(0x2ff8).putLong((8L << 32) | 18).putLong(0x77).rewind();
    expected.page(0x3000, SecInfo.regular(SecInfo.R), relocations);
    expected.add(0x4000, RW);
    expected.add(0x5000, RW);
    byte[] stack = new byte[4096];
    Arrays.fill(stack, (byte) 0xCC);
    expected.page(0x7000, RW, ByteBuffer.wrap(stack));
    Tcs tcs = new Tcs(0, 0xa000, 0, 2, 0x123, 0xe000, 0xe000, -1, -1);
    expected.page(0x9000, SecInfo.TCS, tcs.encode().buffer());
    for (long at : new long[] {0xa000, 0xb000, 0xd000, 0xe000}) {
      expected.page(at, RW, page());
    }
    Measured measured = measured(file(1));
    assertThat(measured).isEqualTo(new Measured(expected.digest(), 0x10000, 11, 9));
  }

  @Test
  void theSignatureInsideIsNotPartOfTheMeasurementButHeapAndThreadsAre() throws MalformedException {
    byte[] signed = file(1);
    SigStruct form =
        SigStruct.sign(SigStruct.Body.of(Bytes.zeros(32), 1, 1, 0x20261124), Samples.SIGNER);
    System.arraycopy(form.encode().toArray(), 0, signed, INFO + 144, SigStruct.SIZE);
    assertThat(measured(signed)).isEqualTo(measured(file(1)));
    assertThat(measured(file(2)).mrEnclave()).isNotEqualTo(measured(file(1)).mrEnclave());
    byte[] moreHeap = file(1);
    moreHeap[INFO + 8] = 3;
    assertThat(measured(moreHeap).mrEnclave()).isNotEqualTo(measured(file(1)).mrEnclave());
  }

  @Test
  void formsWhoseLayoutIsNotKnownAreNotMeasured() throws MalformedException {
    byte[] zeroBase = file(1);
    zeroBase[INFO + 36] = 2;
    assertThat(obstacle(zeroBase)).contains("base address zero");
    byte[] older = file(1);
    older[INFO] = 0;
    assertThat(obstacle(older)).contains("properties");
    byte[] unnamed = file(1);
    Arrays.fill(unnamed, TABLES + 24 * 7, TABLES + 24 * 7 + 4, (byte) 0);
    assertThat(obstacle(unnamed)).contains("lacks the symbols");
  }

  @Test
  void sizesThatLieAreRefused() {
    byte[] heap = file(1);
    heap[INFO + 14] = 0x0f;
    assertThatThrownBy(() -> measured(heap)).hasMessageContaining("at most 2^40 bytes");
    byte[] symbol = file(1);
    symbol[TABLES + 24 * 9 + 512 + 24 + 12] = 0x40;
    assertThatThrownBy(() -> measured(symbol)).hasMessageContaining("symbol 64");
  }

  @TestFactory
  Stream<DynamicTest> publishedImagesHaveTheirPublishedMeasurement() throws IOException {
    return Files.readAllLines(Path.of("src/test/resources/open-enclave-known.txt")).stream()
        .filter(line -> !line.startsWith("#"))
        .map(line -> line.split(" ", 2))
        .map(known -> dynamicTest(known[1].substring(0, 8), () -> check(known[0], known[1])));
  }

  private static void check(String sha256, String mrEnclave)
      throws IOException, MalformedException {
    String folder = System.getenv("RESEAL_ENCLAVES");
    assumeTrue(folder != null, "skipped: RESEAL_ENCLAVES is not set");
    try (Stream<Path> files = Files.list(Path.of(String.valueOf(folder)))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Bytes content = Bytes.wrap(Files.readAllBytes(file));
        if (content.sha256().toHex().equals(sha256)) {
          assertThat(measured(content.toArray()).mrEnclave().toHex()).isEqualTo(mrEnclave);
          return;
        }
      }
    }
    assumeTrue(false, "skipped: no image with SHA-256 " + sha256 + " in RESEAL_ENCLAVES");
  }

  private static Measured measured(byte[] file) throws MalformedException {
    return switch (read(file).measurement()) {
      case Artifact.OpenEnclaveMeasurement.Done(Measured measured) -> measured;
      case Artifact.OpenEnclaveMeasurement.NotPossible(String why) -> throw new AssertionError(why);
    };
  }

  private static String obstacle(byte[] file) throws MalformedException {
    return switch (read(file).measurement()) {
      case Artifact.OpenEnclaveMeasurement.Done done -> throw new AssertionError(done);
      case Artifact.OpenEnclaveMeasurement.NotPossible(String why) -> why;
    };
  }

  private static Artifact.OpenEnclaveElf read(byte[] file) throws MalformedException {
    try (Content content = Content.of(Bytes.of(file))) {
      return (Artifact.OpenEnclaveElf) Artifact.read(content, MeasureLimits.DEFAULT).artifact();
    }
  }

  private static void properties(ByteBuffer info) {
    info.putInt(0, 1960).putInt(4, 2).putLong(8, 2).putLong(16, 1).putLong(24, 1);
  }

  /** Two segments, eight symbols, two relocations, sixteen bytes of thread-local data. */
  static byte[] file(int threads) {
    ByteBuffer out = ByteBuffer.allocate(0x4000).order(ByteOrder.LITTLE_ENDIAN);
    out.put(0, Bytes.hex("7f454c46020101").toArray());
    out.putShort(16, (short) 3).putShort(18, (short) 62).putLong(24, 0x123).putLong(32, 64);
    out.putLong(40, 0x3800).putShort(54, (short) 56).putShort(56, (short) 3);
    out.putShort(58, (short) 64).putShort(60, (short) 7).putShort(62, (short) 6);
    segment(out, 0, 1, 5, 0x1000, 0, CODE.size(), 0x1000);
    segment(out, 1, 1, 6, INFO, INFO, 0x910, 0x1000);
    segment(out, 2, 7, 4, TLS, TLS, 16, 8);
    out.put(0x1000, CODE.toArray());
    properties(out.slice(INFO, 1960).order(ByteOrder.LITTLE_ENDIAN));
    out.putLong(INFO + 24, threads);
    out.put(TLS, DATA.toArray());
    StringBuilder names = new StringBuilder("\0");
    for (int i = 0; i < NAMES.length; i++) {
      int symbol = TABLES + 24 * (i + 1);
      out.putInt(symbol, names.length()).putLong(symbol + 8, i == 7 ? 0x77 : SYMBOLS + 8L * i);
      names.append(NAMES[i]).append('\0');
    }
    int strings = TABLES + 24 * 9;
    out.put(strings, Bytes.ascii(names.toString()).toArray());
    int relocations = strings + 512;
    out.putLong(relocations, 0x2ff0).putLong(relocations + 8, 8).putLong(relocations + 16, 0x1234);
    out.putLong(relocations + 24, 0x2ff8).putLong(relocations + 32, (8L << 32) | 18);
    int sectionNames = relocations + 48;
    Bytes text = Bytes.ascii("\0.oeinfo\0.dynsym\0.dynstr\0.rela.dyn\0.tdata\0.shstrtab\0");
    out.put(sectionNames, text.toArray());
    section(out, 1, 1, INFO, INFO, 1960, 8);
    section(out, 2, 9, 0, TABLES, 24 * 9, 8);
    section(out, 3, 17, 0, strings, names.length(), 1);
    section(out, 4, 25, 0, relocations, 48, 8);
    section(out, 5, 35, TLS, TLS, 16, 8);
    section(out, 6, 42, 0, sectionNames, text.size(), 1);
    byte[] file = new byte[out.capacity()];
    out.get(0, file);
    return file;
  }

  private static void segment(
      ByteBuffer out,
      int index,
      int type,
      int flags,
      long offset,
      long vaddr,
      long size,
      long align) {
    int at = 64 + 56 * index;
    out.putInt(at, type).putInt(at + 4, flags).putLong(at + 8, offset).putLong(at + 16, vaddr);
    out.putLong(at + 32, size).putLong(at + 40, size).putLong(at + 48, align);
  }

  private static void section(
      ByteBuffer out, int index, int name, long address, long offset, long size, long align) {
    int at = 0x3800 + 64 * index;
    out.putInt(at, name).putInt(at + 4, 1).putLong(at + 16, address).putLong(at + 24, offset);
    out.putLong(at + 32, size).putLong(at + 48, align);
  }

  private static ByteBuffer page() {
    return ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static Bytes padded(Bytes content) {
    return Bytes.wrap(Arrays.copyOf(content.toArray(), 4096));
  }
}
