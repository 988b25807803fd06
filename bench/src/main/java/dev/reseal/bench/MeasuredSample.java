package dev.reseal.bench;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Content;
import dev.reseal.sgx.IntelEnclave;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.MeasureLimits;
import dev.reseal.sgx.Mrenclave;
import dev.reseal.sgx.SgxsStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** One enclave of 64 MiB in both file forms, and the three ways to its MRENCLAVE. */
final class MeasuredSample {
  private static final int BYTES = 64 << 20;
  private static final long SIZE = 128 << 20;

  private final Path elf;
  private final Path sgxs;
  private final byte[] stream;
  private final Bytes mrEnclave;

  private MeasuredSample(Path elf, Path sgxs, byte[] stream, Bytes mrEnclave) {
    this.elf = elf;
    this.sgxs = sgxs;
    this.stream = stream;
    this.mrEnclave = mrEnclave;
  }

  /** Writes the files and checks that all ways of measuring agree before any is timed. */
  static MeasuredSample write(Path folder) throws IOException, MalformedException {
    Path elf = folder.resolve("large.so");
    Path sgxs = folder.resolve("large.sgxs");
    Bytes content = LargeEnclave.content(BYTES);
    LargeEnclave.sgxs(sgxs, content, SIZE);
    byte[] stream = Files.readAllBytes(sgxs);
    Bytes mrEnclave = Bytes.wrap(Bytes.newSha256().digest(stream));
    LargeEnclave.elf(elf, content, SIZE, mrEnclave);
    if (stream.length != 64 + (BYTES / Mrenclave.PAGE) * Mrenclave.PAGE_RECORDS) {
      throw new IllegalStateException("the record stream has " + stream.length + " bytes");
    }
    MeasuredSample sample = new MeasuredSample(elf, sgxs, stream, mrEnclave);
    sample.require(sample.measureElf());
    sample.require(sample.measureSgxs());
    return sample;
  }

  private void require(Bytes measured) {
    if (!measured.equals(mrEnclave)) {
      throw new IllegalStateException(measured + " is not " + mrEnclave);
    }
  }

  void delete() throws IOException {
    Files.deleteIfExists(elf);
    Files.deleteIfExists(sgxs);
  }

  Path elf() {
    return elf;
  }

  Path sgxs() {
    return sgxs;
  }

  Bytes mrEnclave() {
    return mrEnclave;
  }

  long recordBytes() {
    return stream.length;
  }

  /** The yardstick. */
  Bytes hashRecordStream() {
    return Bytes.wrap(Bytes.newSha256().digest(stream));
  }

  Bytes measureElf() throws IOException, MalformedException {
    try (Content file = Content.map(elf)) {
      IntelEnclave enclave = IntelEnclave.parse(file);
      return enclave.measure(enclave.blocks().getFirst(), MeasureLimits.DEFAULT).mrEnclave();
    }
  }

  Bytes measureSgxs() throws IOException, MalformedException {
    try (Content file = Content.map(sgxs)) {
      return SgxsStream.measure(file, MeasureLimits.DEFAULT).measured().mrEnclave();
    }
  }
}
