package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;

/** The enclaves of our own vectors. */
final class SampleEnclaves {
  private static final long RW = SecInfo.TYPE_REG | SecInfo.R | SecInfo.W;
  private static final int ADD = 1;
  private static final int ADD_EXTEND = 3;

  private SampleEnclaves() {}

  /** Intel SDK form, for hosts without EDMM (version 1.5) and with it (3.3). */
  static Bytes intel(int isvSvn) throws MalformedException {
    Samples samples = new Samples(11);
    ElfWriter elf =
        new ElfWriter()
            .segment(ElfWriter.RX, 0, samples.bytes(5000), 5000)
            .segment(ElfWriter.RO, 0x2000, samples.bytes(100), 100)
            .segment(ElfWriter.RW, 0x3d10, samples.bytes(1000), 9000);
    Bytes tcs = samples.bytes(72);
    Bytes thread = samples.bytes(5000);
    Bytes header = Bytes.zeros(10);
    int data = ElfWriter.dataOffset(2, 9);
    List<Bytes> patches =
        List.of(ElfWriter.patch(0x28, data, 8), ElfWriter.patch(300, data + 10, 40));
    List<Bytes> layout =
        List.of(
            ElfWriter.area(10, 0, 16, 0x7000, 0, 0, 0),
            ElfWriter.area(1, ADD, 5, 0x17000, 0, 0, RW),
            ElfWriter.area(8, ADD_EXTEND, 2, 0x1c000, 0xCCCCCCCCL, 0, RW),
            ElfWriter.area(4, ADD_EXTEND, 1, 0x1e000, 72, data + 50, SecInfo.TYPE_TCS),
            ElfWriter.area(5, ADD_EXTEND, 2, 0x1f000, 5000, data + 122, RW),
            ElfWriter.area(6, ADD_EXTEND, 2, 0x21000, 0, 0, RW),
            ElfWriter.group(4, 3, 0x8000),
            ElfWriter.area(10, 0, 4, 0x50000, 0, 0, 0),
            ElfWriter.area(3, ADD, 2, 0x60000, 0, 0, RW));
    Bytes content = Bytes.concat(header, samples.bytes(40), tcs, thread);
    List<Bytes> edmm = List.of(layout.get(0), layout.get(1), layout.get(2), layout.get(3));
    int shift = 32 * (layout.size() - edmm.size());
    List<Bytes> edmmPatches =
        List.of(
            ElfWriter.patch(0x28, data - shift, 8), ElfWriter.patch(300, data - shift + 10, 40));
    List<Bytes> edmmLayout =
        List.of(
            edmm.get(0),
            edmm.get(1),
            edmm.get(2),
            ElfWriter.area(4, ADD_EXTEND, 1, 0x1e000, 72, data - shift + 50, SecInfo.TYPE_TCS));
    return elf.block(1, 5, 0x100000, patches, layout, content)
        .block(3, 3, 0x200000, edmmPatches, edmmLayout, content)
        .signed(Samples.SIGNER, 7, isvSvn, 0x20261124);
  }

  static Bytes sgxs() throws IOException {
    Samples samples = new Samples(12);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (SgxsWriter writer = new SgxsWriter(out, 1, 0x10000)) {
      writer.page(0, SecInfo.regular(SecInfo.R | SecInfo.X), samples.bytes(4096));
      writer.page(0x1000, SecInfo.TCS, samples.bytes(4096));
      writer.add(0x3000, SecInfo.regular(SecInfo.R | SecInfo.W));
    }
    return Bytes.of(out.toByteArray());
  }
}
