package dev.reseal.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * {@link QuoteBenchmark} relative to {@code openssl speed ecdsap256} in one run: openssl before and
 * after each benchmark, the mean of both is what it is compared with. Pin it to one processor for
 * the rates of one core; {@code threads} compares two threads with one instead, unpinned.
 */
public final class QuoteRatios {
  private static final String ALLOCATED = "gc.alloc.rate.norm";

  private QuoteRatios() {}

  /** Prints one line for each benchmark. */
  public static void main(String[] arguments)
      throws IOException, InterruptedException, RunnerException {
    if (arguments.length > 0 && arguments[0].equals("threads")) {
      threads();
    } else {
      ratios();
    }
  }

  private static void ratios() throws IOException, InterruptedException, RunnerException {
    List<String> lines = new ArrayList<>();
    for (String provider : List.of("corretto", "jdk")) {
      for (String mode : List.of("everythingFromBytes", "collateralReused", "platformSeen")) {
        double before = openssl();
        RunResult result = run(mode, provider, 1);
        double base = (before + openssl()) / 2;
        double rate = result.getPrimaryResult().getScore();
        lines.add(
            String.format(
                Locale.ROOT,
                "%-8s %-20s %7.0f/s ± %4.0f, openssl %6.0f/s, ratio %.3f, %4.0f KiB each",
                provider,
                mode,
                rate,
                result.getPrimaryResult().getScoreError(),
                base,
                rate / base,
                Objects.requireNonNull(result.getSecondaryResults().get(ALLOCATED)).getScore()
                    / 1024));
      }
    }
    lines.forEach(System.out::println);
  }

  private static void threads() throws RunnerException {
    List<String> lines = new ArrayList<>();
    for (String mode : List.of("everythingFromBytes", "collateralReused", "platformSeen")) {
      double one = run(mode, "corretto", 1).getPrimaryResult().getScore();
      double two = run(mode, "corretto", 2).getPrimaryResult().getScore();
      lines.add(
          String.format(
              Locale.ROOT,
              "corretto %-20s one thread %7.0f/s, two %7.0f/s, ratio %.2f",
              mode,
              one,
              two,
              two / one));
    }
    lines.forEach(System.out::println);
  }

  private static RunResult run(String mode, String provider, int threads) throws RunnerException {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(QuoteBenchmark.class.getSimpleName() + "\\." + mode + "$")
            .param("provider", provider)
            .threads(threads)
            .addProfiler(GCProfiler.class);
    Collection<RunResult> results = new Runner(options.build()).run();
    return results.iterator().next();
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
}
