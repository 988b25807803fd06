package dev.reseal.bench;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.sealed.ContainerReader;
import dev.reseal.sealed.ContainerWriter;
import dev.reseal.sealed.Core;
import dev.reseal.sealed.Slot;
import dev.reseal.sealed.StateRecord;
import dev.reseal.sealed.StreamKeys;
import dev.reseal.sealed.Workers;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Hpke;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * A 64 MiB state of 64 KiB records through the container layer in memory; MiB a second, to be held
 * against {@link RawCryptoBenchmark} of the same run.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class ContainerBenchmark {
  private static final int MIB = 64;
  private static final int RECORDS = MIB * 16;
  private static final int RECORD_BYTES = 1 << 16;

  /** 1 is the caller's thread alone. */
  @Param({"1", "2"})
  public int threads;

  private final ExecutorService pool = Executors.newFixedThreadPool(2);
  private final Secret dek = Secret.random(32);
  private final Bytes salt = Bytes.zeros(32);
  private StateRecord record =
      new StateRecord("blobs", Cbor.of(1).encode(Cbor.Profile.VALUES), 1, Optional.empty());
  private Bytes core = Bytes.EMPTY;
  private Bytes slots = Bytes.EMPTY;
  private byte[] file = new byte[0];

  /** One container, and everything to write it again. */
  @Setup(Level.Trial)
  public void begin() throws IOException {
    byte[] content = new byte[RECORD_BYTES - 32];
    new Random(1).nextBytes(content);
    Bytes value = Cbor.of(Bytes.wrap(content)).encode(Cbor.Profile.VALUES);
    record = new StateRecord("blobs", record.key(), 1, Optional.of(value));
    Bytes zeros = Bytes.zeros(32);
    Bytes id = Bytes.zeros(16);
    try (StreamKeys keys = StreamKeys.derive(salt, dek)) {
      core =
          new Core(id, 1, id, 1, zeros, Optional.empty(), 1, salt, zeros, keys.pkOpen()).encode();
    }
    Slot.Header header =
        new Slot.Header(Slot.AUTHORITY, zeros, zeros, Optional.empty(), Optional.empty(), id, 1);
    Hpke.Box share = new Hpke.Box(zeros, Bytes.zeros(48));
    slots = Slot.encode(List.of(new Slot(header, header.encode(), share, Bytes.zeros(48))));
    ByteArrayOutputStream out = new ByteArrayOutputStream((MIB + 1) << 20);
    write(out);
    file = out.toByteArray();
  }

  @TearDown(Level.Trial)
  public void end() {
    pool.shutdown();
  }

  private Workers workers() {
    return threads == 1 ? Workers.caller() : Workers.of(pool, threads);
  }

  private void write(OutputStream out) throws IOException {
    try (ContainerWriter writer =
        new ContainerWriter(out, core, slots, StreamKeys.derive(salt, dek), workers())) {
      writer.beginRound();
      for (int i = 0; i < RECORDS; i++) {
        writer.write(record);
      }
      writer.endRound();
      writer.finish(1, 1, 1);
    }
  }

  @Benchmark
  @OperationsPerInvocation(MIB)
  public void seal() throws IOException {
    write(OutputStream.nullOutputStream());
  }

  @Benchmark
  @OperationsPerInvocation(MIB)
  public void open(Blackhole blackhole) throws IOException {
    try (StreamKeys keys = StreamKeys.derive(salt, dek)) {
      ContainerReader.read(
          new ByteArrayInputStream(file), core, keys, workers(), blackhole::consume);
    }
  }
}
