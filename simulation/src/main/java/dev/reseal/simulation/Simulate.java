package dev.reseal.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@code Simulate SEEDS [FIRST [THREADS]]}: so many seeds from the first on; exit status 1 and a
 * report for each seed that fails. {@code Simulate --seed N}: one seed with all that happened.
 */
public final class Simulate {
  private Simulate() {}

  public static void main(String[] arguments) throws InterruptedException {
    if (arguments.length == 2 && arguments[0].equals("--seed")) {
      Simulation.Outcome outcome = Simulation.run(Long.parseLong(arguments[1]), Wiring.PLAIN);
      outcome.newest().forEach(System.out::println);
      System.out.println(outcome.report());
      System.exit(outcome.failure().isPresent() ? 1 : 0);
    }
    long seeds = arguments.length > 0 ? Long.parseLong(arguments[0]) : 1_000;
    long first = arguments.length > 1 ? Long.parseLong(arguments[1]) : 0;
    int threads = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 2;
    Tally tally = run(first, seeds, threads, Wiring.PLAIN);
    System.out.println(tally.summary());
    System.exit(tally.failures.isEmpty() ? 0 : 1);
  }

  /** What many seeds came to. */
  static final class Tally {
    final List<Simulation.Outcome> failures = new ArrayList<>();
    final Map<String, Integer> reached = new TreeMap<>();
    private final long beganNanos = System.nanoTime();
    private long seeds;
    private long steps;
    private long operations;
    private long faults;
    private long cpuNanos;
    int leastSteps = Integer.MAX_VALUE;
    int leastOperations = Integer.MAX_VALUE;
    int leastFaults = Integer.MAX_VALUE;

    synchronized void add(Simulation.Outcome outcome, long nanos) {
      seeds++;
      steps += outcome.steps();
      operations += outcome.operations();
      faults += outcome.faults();
      cpuNanos += nanos;
      outcome.reached().forEach(pair -> reached.merge(pair, 1, Integer::sum));
      if (seeds % 250 == 0) {
        System.out.println(summary());
      }
      if (outcome.failure().isPresent()) {
        failures.add(outcome);
        System.out.println(outcome.report());
      } else {
        leastSteps = Math.min(leastSteps, outcome.steps());
        leastOperations = Math.min(leastOperations, outcome.operations());
        leastFaults = Math.min(leastFaults, outcome.faults());
      }
    }

    synchronized String summary() {
      double wall = (System.nanoTime() - beganNanos) / 1e9;
      return String.format(
          Locale.ROOT,
          "%d seeds, %d failed; %d operations, %d faults, %d steps (at least %d, %d, %d a seed)%n"
              + "%d distinct pairs of phase and fault%n"
              + "%.1f ms of processor a seed, %.0f seeds a minute on this run",
          seeds,
          failures.size(),
          operations,
          faults,
          steps,
          leastOperations,
          leastFaults,
          leastSteps,
          reached.size(),
          cpuNanos / 1e6 / Math.max(1, seeds),
          60 * seeds / wall);
    }
  }

  static Tally run(long first, long seeds, int threads, Wiring wiring) throws InterruptedException {
    Tally tally = new Tally();
    AtomicLong next = new AtomicLong(first);
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      workers.add(
          Thread.ofPlatform()
              .name("seeds-" + i)
              .start(() -> {
                var bean = java.lang.management.ManagementFactory.getThreadMXBean();
                for (long seed = next.getAndIncrement();
                    seed < first + seeds;
                    seed = next.getAndIncrement()) {
                  long before = bean.getCurrentThreadCpuTime();
                  Simulation.Outcome outcome = Simulation.run(seed, wiring);
                  tally.add(outcome, bean.getCurrentThreadCpuTime() - before);
                }
              }));
    }
    for (Thread worker : workers) {
      worker.join();
    }
    return tally;
  }
}
