package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.interfaces.RSAPrivateCrtKey;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Writes small enclaves in the form of the Intel SDK: three segments, one with data at an odd place
 * and zeros behind it, and a metadata block per kind of host. Signing measures the unsigned file
 * first, which is sound because the note section is not loaded.
 */
final class ElfWriter {
  static final int RW = 6;
  static final int RX = 5;
  static final int RO = 4;
  private static final int HEADER = 64;
  private static final int PROGRAM_HEADER = 56;

  private record Segment(int flags, long vaddr, Bytes content, long memSize) {}

  private final List<Segment> segments = new ArrayList<>();
  private final List<Function<SigStruct, Bytes>> blocks = new ArrayList<>();

  ElfWriter segment(int flags, long vaddr, Bytes content, long memSize) {
    segments.add(new Segment(flags, vaddr, content, memSize));
    return this;
  }

  /** A metadata block with one patch of the ELF header and this layout table and trailing data. */
  ElfWriter block(
      int major, int minor, long size, List<Bytes> patches, List<Bytes> layout, Bytes data) {
    blocks.add(sig -> metadata(major, minor, size, patches, layout, data, sig));
    return this;
  }

  /** Where the data of a block with so many patches and layout rows begins in the block. */
  static int dataOffset(int patches, int layout) {
    return 1904 + 32 * (patches + layout);
  }

  static Bytes patch(long target, long source, long size) {
    return bytes(little(32).putLong(target).putInt((int) source).putInt((int) size));
  }

  static Bytes area(
      int id, int attributes, int pages, long rva, long size, int offset, long flags) {
    ByteBuffer row = little(32);
    row.putShort((short) id).putShort((short) attributes).putInt(pages).putLong(rva);
    row.putInt((int) size).putInt(offset).putLong(flags);
    return bytes(row);
  }

  static Bytes group(int rows, int times, long step) {
    ByteBuffer row = little(32);
    row.putShort((short) 0x1009).putShort((short) rows).putInt(times).putLong(step);
    return bytes(row);
  }

  /** The file with every block signed for what it measures to. */
  Bytes signed(RSAPrivateCrtKey key, int isvProdId, int isvSvn, int date)
      throws MalformedException {
    SigStruct.Body draft = SigStruct.Body.of(Bytes.zeros(32), isvProdId, isvSvn, date);
    SigStruct unsigned = SigStruct.sign(draft, key);
    List<SigStruct> signatures = new ArrayList<>();
    try (Content file = Content.of(write(blocks.stream().map(b -> b.apply(unsigned)).toList()))) {
      IntelEnclave enclave = IntelEnclave.parse(file);
      for (IntelMetadata block : enclave.blocks()) {
        Bytes mrEnclave = enclave.measure(block, MeasureLimits.DEFAULT).mrEnclave();
        signatures.add(SigStruct.sign(SigStruct.Body.of(mrEnclave, isvProdId, isvSvn, date), key));
      }
    }
    List<Bytes> signed = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      signed.add(blocks.get(i).apply(signatures.get(i)));
    }
    return write(signed);
  }

  private static Bytes metadata(
      int major,
      int minor,
      long enclaveSize,
      List<Bytes> patches,
      List<Bytes> layout,
      Bytes data,
      SigStruct sig) {
    int size = dataOffset(patches.size(), layout.size()) + data.size();
    ByteBuffer out = little(size);
    out.putLong(0x86A80294635D0E4CL).putLong((long) major << 32 | minor).putInt(size);
    out.putInt(1).putInt(1).putInt(0x1000).putInt(0).putInt(1).putLong(enclaveSize);
    out.put(Attributes.PRODUCTION.encode().buffer()).put(sig.encode().buffer());
    out.putInt(1904).putInt(32 * patches.size());
    out.putInt(1904 + 32 * patches.size()).putInt(32 * layout.size());
    out.position(1904);
    patches.forEach(patch -> out.put(patch.buffer()));
    layout.forEach(row -> out.put(row.buffer()));
    out.put(data.buffer());
    return bytes(out);
  }

  private Bytes write(List<Bytes> metadata) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    int at = HEADER + PROGRAM_HEADER * segments.size();
    ByteBuffer programs = little(PROGRAM_HEADER * segments.size());
    for (Segment segment : segments) {
      programs
          .putInt(1)
          .putInt(segment.flags)
          .putLong((long) at + body.size())
          .putLong(segment.vaddr);
      programs.putLong(segment.vaddr).putLong(segment.content.size());
      programs.putLong(segment.memSize).putLong(0x1000);
      body.writeBytes(segment.content.toArray());
    }
    long note = (long) at + body.size();
    int all = metadata.stream().mapToInt(Bytes::size).sum();
    body.writeBytes(
        little(25)
            .putInt(13)
            .putInt(all)
            .putInt(1)
            .put(Bytes.ascii("sgx_metadata\0").buffer())
            .array());
    metadata.forEach(block -> body.writeBytes(block.toArray()));
    body.writeBytes(new byte[16]);
    long names = (long) at + body.size();
    Bytes strings = Bytes.ascii("\0.note.sgxmeta\0.shstrtab\0");
    body.writeBytes(strings.toArray());
    ByteBuffer sections = little(3 * 64);
    section(sections, 1, 1, 7, note, names - note);
    section(sections, 2, 15, 3, names, strings.size());
    return Bytes.concat(
        header((long) at + body.size()),
        bytes(programs),
        Bytes.of(body.toByteArray()),
        bytes(sections));
  }

  private Bytes header(long sectionTable) {
    ByteBuffer out = little(HEADER);
    out.put(Bytes.hex("7f454c46020101").buffer()).position(16);
    out.putShort((short) 3).putShort((short) 62).putInt(1).putLong(0).putLong(HEADER);
    out.putLong(sectionTable).putInt(0).putShort((short) HEADER);
    out.putShort((short) PROGRAM_HEADER).putShort((short) segments.size());
    out.putShort((short) 64).putShort((short) 3).putShort((short) 2);
    return bytes(out);
  }

  private static void section(
      ByteBuffer table, int index, int name, int type, long offset, long size) {
    table.position(index * 64);
    table.putInt(name).putInt(type).putLong(0).putLong(0).putLong(offset).putLong(size);
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static Bytes bytes(ByteBuffer buffer) {
    byte[] all = new byte[buffer.capacity()];
    buffer.get(0, all);
    return Bytes.wrap(all);
  }
}
