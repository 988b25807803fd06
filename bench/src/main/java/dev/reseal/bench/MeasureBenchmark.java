package dev.reseal.bench;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
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
 * stream (5,184 bytes a page), which nothing that computes MRENCLAVE can do without. Ratios are
 * better taken from {@link MeasureRatios}, where the ways alternate.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@SuppressWarnings("NullAway.Init")
public class MeasureBenchmark {
  private Path folder;
  private MeasuredSample sample;

  @Setup(Level.Trial)
  public void write() throws IOException, MalformedException {
    folder = Files.createTempDirectory("reseal-bench");
    sample = MeasuredSample.write(folder);
  }

  @TearDown(Level.Trial)
  public void delete() throws IOException {
    sample.delete();
    Files.deleteIfExists(folder);
  }

  /** The yardstick. */
  @Benchmark
  public Bytes hashRecordStream() {
    return sample.hashRecordStream();
  }

  @Benchmark
  public Bytes measureElf() throws IOException, MalformedException {
    return sample.measureElf();
  }

  @Benchmark
  public Bytes measureSgxs() throws IOException, MalformedException {
    return sample.measureSgxs();
  }
}
