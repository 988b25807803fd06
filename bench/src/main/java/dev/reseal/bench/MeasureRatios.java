package dev.reseal.bench;

import com.sun.management.ThreadMXBean;
import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Measuring an enclave of 64 MiB relative to one SHA-256 pass of this JVM over the same record
 * stream, and beside {@code mrenclave.py}, a second implementation, if its path is the argument.
 * Ways alternate within each round and medians are compared, so that other work on the machine
 * matters little.
 */
public final class MeasureRatios {
  private static final int ROUNDS = 25;
  private static final int WARM_UP = 8;
  private static final int PYTHON_ROUNDS = 5;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** One way to the MRENCLAVE. */
  private interface Way {
    Bytes measure() throws IOException, MalformedException, InterruptedException;
  }

  private record Timed(String name, Way way, List<Double> cpu, List<Double> wall) {
    static Timed of(String name, Way way) {
      return new Timed(name, way, new ArrayList<>(), new ArrayList<>());
    }
  }

  private MeasureRatios() {}

  /** Prints one line for each way; the argument is optional. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Files.createTempDirectory("reseal-bench");
    try {
      MeasuredSample sample = MeasuredSample.write(folder);
      Timed base = Timed.of("SHA-256 of the record stream", sample::hashRecordStream);
      List<Timed> ways =
          List.of(
              base,
              Timed.of("ELF of the Intel SDK", sample::measureElf),
              Timed.of("SGXS stream", sample::measureSgxs));
      for (int round = -WARM_UP; round < ROUNDS; round++) {
        for (Timed timed : ways) {
          run(timed, sample.mrEnclave(), round >= 0);
        }
      }
      for (Timed timed : ways) {
        print(timed, base, sample.recordBytes());
      }
      if (arguments.length == 1) {
        python(Path.of(arguments[0]), sample, base);
      } else {
        System.out.println("mrenclave.py: skipped, its path is not given (ORACLE)");
      }
      sample.delete();
    } finally {
      Files.deleteIfExists(folder);
    }
  }

  private static void run(Timed timed, Bytes expected, boolean counts) throws Exception {
    long cpu = THREADS.getCurrentThreadCpuTime();
    long wall = System.nanoTime();
    Bytes measured = timed.way.measure();
    if (counts) {
      timed.wall.add((double) (System.nanoTime() - wall));
      timed.cpu.add((double) (THREADS.getCurrentThreadCpuTime() - cpu));
    }
    if (!measured.equals(expected)) {
      throw new IllegalStateException(timed.name + ": " + measured + " is not " + expected);
    }
  }

  private static void print(Timed timed, Timed base, long bytes) throws Exception {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    timed.way.measure();
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    System.out.printf(
        Locale.ROOT,
        "%-30s %6.1f ms of processor, %6.1f ms in all, %5.0f MB/s, %.3f of SHA-256,"
            + " %4d KiB of heap%n",
        timed.name,
        median(timed.cpu) / 1e6,
        median(timed.wall) / 1e6,
        bytes * 1e3 / median(timed.cpu),
        median(base.cpu) / median(timed.cpu),
        allocated / 1024);
  }

  /** The other implementation prints each MRENCLAVE; its start counts, 20 ms or so. */
  private static void python(Path script, MeasuredSample sample, Timed base) throws Exception {
    for (Path file : List.of(sample.elf(), sample.sgxs())) {
      Timed timed = Timed.of("mrenclave.py, " + file.getFileName(), () -> oracle(script, file));
      for (int round = 0; round < PYTHON_ROUNDS; round++) {
        run(timed, sample.mrEnclave(), true);
      }
      System.out.printf(
          Locale.ROOT,
          "%-30s %28.1f ms in all, %.3f of SHA-256%n",
          timed.name,
          median(timed.wall) / 1e6,
          median(base.wall) / median(timed.wall));
    }
  }

  private static Bytes oracle(Path script, Path file) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("python3", script.toString(), file.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    Optional<String> line =
        out.lines().filter(each -> each.toLowerCase(Locale.ROOT).contains("mrenclave")).findFirst();
    if (line.isEmpty()) {
      throw new IllegalStateException(script + " says no MRENCLAVE of " + file + ": " + out);
    }
    return Bytes.hex(line.get().replaceAll(".*\\b([0-9a-f]{64})\\b.*", "$1"));
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }
}
