package dev.reseal.bench;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Content;
import dev.reseal.sgx.IntelEnclave;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.MeasureLimits;
import dev.reseal.sgx.Measured;
import dev.reseal.sgx.Mrenclave;
import dev.reseal.sgx.SgxsStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Measuring an enclave of 64 MiB from a mapped file, against one SHA-256 pass over the same record
 * stream (5,184 bytes a page), which nothing that computes MRENCLAVE can do without.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class MeasureBenchmark {
  private static final int BYTES = 64 << 20;
  private static final long SIZE = 128 << 20;
  private static final Bytes NONE = Bytes.zeros(32);

  private Path folder = Path.of(".");
  private Path elf = Path.of(".");
  private Path sgxs = Path.of(".");
  private byte[] stream = {};
  private Bytes mrEnclave = NONE;

  /** Writes the files and checks that all ways of measuring agree before any is timed. */
  @Setup(Level.Trial)
  public void write() throws IOException, MalformedException {
    folder = Files.createTempDirectory("reseal-bench");
    elf = folder.resolve("large.so");
    sgxs = folder.resolve("large.sgxs");
    Bytes content = LargeEnclave.content(BYTES);
    LargeEnclave.sgxs(sgxs, content, SIZE);
    stream = Files.readAllBytes(sgxs);
    mrEnclave = Bytes.wrap(Bytes.newSha256().digest(stream));
    LargeEnclave.elf(elf, content, SIZE, mrEnclave);
    require(measureElf());
    require(measureSgxs());
    if (stream.length != 64 + (BYTES / Mrenclave.PAGE) * Mrenclave.PAGE_RECORDS) {
      throw new IllegalStateException("the record stream has " + stream.length + " bytes");
    }
  }

  private void require(Bytes measured) {
    if (!measured.equals(mrEnclave)) {
      throw new IllegalStateException(measured + " is not " + mrEnclave);
    }
  }

  @TearDown(Level.Trial)
  public void delete() throws IOException {
    Files.deleteIfExists(elf);
    Files.deleteIfExists(sgxs);
    Files.deleteIfExists(folder);
  }

  /** The yardstick. */
  @Benchmark
  public byte[] hashRecordStream() {
    return Bytes.newSha256().digest(stream);
  }

  @Benchmark
  public Bytes measureElf() throws IOException, MalformedException {
    try (Content file = Content.map(elf)) {
      IntelEnclave enclave = IntelEnclave.parse(file);
      Measured measured = enclave.measure(enclave.blocks().getFirst(), MeasureLimits.DEFAULT);
      return measured.mrEnclave();
    }
  }

  @Benchmark
  public Bytes measureSgxs() throws IOException, MalformedException {
    try (Content file = Content.map(sgxs)) {
      return SgxsStream.measure(file, MeasureLimits.DEFAULT).measured().mrEnclave();
    }
  }
}
