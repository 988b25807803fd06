package dev.reseal.bench;

import dev.reseal.quote.CheckedCollateral;
import dev.reseal.quote.P256;
import dev.reseal.quote.Verdict;
import dev.reseal.quote.Verifier;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Quote verification: everything from bytes, with collateral verified once, and with the platform
 * seen before. {@code -prof gc} shows allocation, {@code -t 2} two threads. On one core the
 * compiler shares it with what it compiles, so the warm-up is long.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 15, time = 2)
@Measurement(iterations = 5, time = 2)
public class QuoteBenchmark {
  @Param({"corretto", "jdk"})
  @SuppressWarnings("NullAway.Init")
  private String provider;

  private final QuoteSample sample = QuoteSample.load();

  @SuppressWarnings("NullAway.Init")
  private Verifier plain;

  @SuppressWarnings("NullAway.Init")
  private Verifier authorities;

  @SuppressWarnings("NullAway.Init")
  private Verifier remembering;

  @SuppressWarnings("NullAway.Init")
  private CheckedCollateral checked;

  /** Picks the provider and verifies the collateral once. */
  @Setup
  public void verifyOnce() {
    P256 p256 = provider.equals("jdk") ? P256.ofJdk() : P256.ofCorretto().orElseThrow();
    plain = Verifier.of(p256, sample.anchors());
    authorities = Verifier.rememberingAuthorities(p256, sample.anchors());
    remembering = Verifier.remembering(p256, sample.anchors());
    if (!(remembering.check(sample.collateral()) instanceof Verifier.Checked.Good good)) {
      throw new IllegalStateException("the sample's collateral does not verify");
    }
    checked = good.collateral();
    if (!(platformSeen() instanceof Verdict.Trusted)) {
      throw new IllegalStateException("the sample does not verify: " + platformSeen());
    }
  }

  /** Quote, certificates, JSON, CRLs and every signature, each time. */
  @Benchmark
  public Verdict everythingFromBytes() {
    return plain.verify(sample.quote(), sample.collateral(), sample.at());
  }

  /** Collateral verified once, CAs known, the platform new each time. */
  @Benchmark
  public Verdict collateralReused() {
    return authorities.verify(sample.quote(), checked, sample.at());
  }

  /** Collateral verified once, the platform seen before: the quote and its QE remain. */
  @Benchmark
  public Verdict platformSeen() {
    return remembering.verify(sample.quote(), checked, sample.at());
  }
}
