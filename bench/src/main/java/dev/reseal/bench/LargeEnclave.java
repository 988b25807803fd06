package dev.reseal.bench;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.SecInfo;
import dev.reseal.sgx.SgxsWriter;
import dev.reseal.sgx.SigStruct;
import dev.reseal.sgx.SigningKeys;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** Writes one enclave of a single measured segment, as an Intel SDK ELF file and as SGXS. */
final class LargeEnclave {
  private static final int PAGE = 4096;
  private static final int HEADERS = 64 + 56;
  private static final int METADATA = 1904;
  private static final int SECTIONS = 3 * 64;
  private static final Bytes NAMES = Bytes.ascii("\0.note.sgxmeta\0.shstrtab\0");

  private LargeEnclave() {}

  static Bytes content(int bytes) {
    byte[] content = new byte[bytes];
    new SplittableRandom(1).nextBytes(content);
    return Bytes.wrap(content);
  }

  static void sgxs(Path file, Bytes content, long size) throws IOException {
    SecInfo code = SecInfo.regular(SecInfo.R | SecInfo.X);
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16);
        SgxsWriter writer = new SgxsWriter(out, 1, size)) {
      for (int at = 0; at < content.size(); at += PAGE) {
        writer.page(at, code, content.slice(at, PAGE));
      }
    }
  }

  /** Signed for {@code mrEnclave} with a key of its own. */
  static void elf(Path file, Bytes content, long size, Bytes mrEnclave) throws IOException {
    long note = HEADERS + (long) content.size();
    int noteSize = 25 + METADATA + 8;
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(headers(content.size(), note + noteSize + NAMES.size()));
      out.write(content.toArray());
      out.write(note(size, mrEnclave));
      out.write(NAMES.toArray());
      out.write(sections(note, noteSize));
    }
  }

  private static byte[] headers(int content, long sections) {
    ByteBuffer out = little(HEADERS);
    out.put(Bytes.hex("7f454c46020101").buffer()).position(16);
    out.putShort((short) 3).putShort((short) 62).putInt(1).putLong(0).putLong(64);
    out.putLong(sections).putInt(0).putShort((short) 64).putShort((short) 56);
    out.putShort((short) 1).putShort((short) 64).putShort((short) 3).putShort((short) 2);
    out.putInt(1).putInt(5).putLong(HEADERS).putLong(0).putLong(0);
    out.putLong(content).putLong(content).putLong(PAGE);
    return bytes(out);
  }

  private static byte[] note(long size, Bytes mrEnclave) {
    SigStruct signature =
        SigStruct.sign(SigStruct.Body.of(mrEnclave, 1, 1, 0x20261124), SigningKeys.generate());
    ByteBuffer out = little(25 + METADATA + 8);
    out.putInt(13).putInt(METADATA).putInt(1).put(Bytes.ascii("sgx_metadata\0").buffer());
    out.putLong(0x86A80294635D0E4CL).putLong((1L << 32) | 5).putInt(METADATA);
    out.putInt(1).putInt(1).putInt(PAGE).putInt(0).putInt(1).putLong(size);
    out.put(Attributes.PRODUCTION.encode().buffer()).put(signature.encode().buffer());
    return bytes(out);
  }

  private static byte[] sections(long note, int noteSize) {
    ByteBuffer out = little(SECTIONS);
    section(out.position(64), 1, 7, note, noteSize);
    section(out.position(128), 15, 3, note + noteSize, NAMES.size());
    return bytes(out);
  }

  private static void section(ByteBuffer out, int name, int type, long offset, long size) {
    out.putInt(name).putInt(type).putLong(0).putLong(0).putLong(offset).putLong(size);
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] all = new byte[buffer.capacity()];
    buffer.get(0, all);
    return all;
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
