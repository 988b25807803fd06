package dev.reseal.bench;

import com.sun.management.ThreadMXBean;
import dev.reseal.quote.CheckedCollateral;
import dev.reseal.quote.P256;
import dev.reseal.quote.Verdict;
import dev.reseal.quote.Verifier;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * Quote verification relative to {@code openssl speed ecdsap256} in one run. Both count processor
 * time of their thread, as openssl does, so that other work on the machine matters little; rounds
 * of both alternate and the medians are compared.
 */
public final class QuoteRatios {
  private static final int ROUNDS = 5;
  private static final long ROUND_NANOS = 3_000_000_000L;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Keeps the work from being dropped. */
  @SuppressWarnings("NullAway.Init")
  static volatile Verdict sink;

  private record Mode(String name, Supplier<Verdict> work, List<Double> rates) {}

  private QuoteRatios() {}

  /** Prints one line for each mode and provider. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    List<Mode> modes = new ArrayList<>();
    P256.ofCorretto().ifPresent(p256 -> modes.addAll(modes(p256)));
    modes.addAll(modes(P256.ofJdk()));
    for (Mode mode : modes) {
      rate(mode.work);
    }
    List<Double> openssl = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      openssl.add(openssl());
      for (Mode mode : modes) {
        mode.rates.add(rate(mode.work));
      }
    }
    double base = median(openssl);
    System.out.printf(
        Locale.ROOT, "openssl speed ecdsap256, verify: %.0f/s of processor time%n", base);
    for (Mode mode : modes) {
      double rate = median(mode.rates);
      System.out.printf(
          Locale.ROOT,
          "%-55s %8.0f/s  %.3f of openssl  %4d KiB each%n",
          mode.name,
          rate,
          rate / base,
          allocated(mode.work) / 1024);
    }
  }

  private static List<Mode> modes(P256 p256) {
    QuoteSample sample = QuoteSample.load();
    Verifier plain = Verifier.of(p256, sample.anchors());
    Verifier authorities = Verifier.rememberingAuthorities(p256, sample.anchors());
    Verifier remembering = Verifier.remembering(p256, sample.anchors());
    if (!(remembering.check(sample.collateral()) instanceof Verifier.Checked.Good good)) {
      throw new IllegalStateException("the sample's collateral does not verify");
    }
    CheckedCollateral checked = good.collateral();
    String by = p256.describe();
    return List.of(
        mode(
            by + ", everything from bytes",
            () -> plain.verify(sample.quote(), sample.collateral(), sample.at())),
        mode(
            by + ", collateral reused, new platform",
            () -> authorities.verify(sample.quote(), checked, sample.at())),
        mode(
            by + ", collateral reused, platform seen",
            () -> remembering.verify(sample.quote(), checked, sample.at())));
  }

  private static Mode mode(String name, Supplier<Verdict> work) {
    if (!(work.get() instanceof Verdict.Trusted)) {
      throw new IllegalStateException(name + ": " + work.get());
    }
    return new Mode(name, work, new ArrayList<>());
  }

  private static double rate(Supplier<Verdict> work) {
    long start = THREADS.getCurrentThreadCpuTime();
    long count = 0;
    long spent;
    do {
      for (int i = 0; i < 20; i++) {
        sink = work.get();
      }
      count += 20;
      spent = THREADS.getCurrentThreadCpuTime() - start;
    } while (spent < ROUND_NANOS);
    return count * 1e9 / spent;
  }

  private static long allocated(Supplier<Verdict> work) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 100; i++) {
      sink = work.get();
    }
    return (THREADS.getCurrentThreadAllocatedBytes() - before) / 100;
  }

  private static double openssl() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("openssl", "speed", "-mr", "-seconds", "3", "ecdsap256")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    process.waitFor();
    String line =
        out.lines()
            .filter(l -> l.startsWith("+F4:"))
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("no result of openssl speed"));
    String[] fields = line.split(":", -1);
    return Double.parseDouble(fields[fields.length - 1]);
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }
}
