package dev.reseal.sealed;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;

/**
 * Segments in flight: worked on by the caller's executor in any order, handed on in order. Holds at
 * most {@code width} segments, so memory is bounded whatever the state's size. With {@code
 * Runnable::run} everything happens in the caller's thread.
 */
final class Pipeline {
  /** What happens to finished segments, in order. */
  interface Sink {
    void accept(SegmentCipher segment) throws IOException;
  }

  private record Flight(SegmentCipher segment, FutureTask<Boolean> work) {}

  private final Executor executor;
  private final Sink sink;
  private final Deque<SegmentCipher> idle = new ArrayDeque<>();
  private final Deque<Flight> flying = new ArrayDeque<>();

  Pipeline(Workers workers, Sink sink) {
    this.executor = workers.executor();
    this.sink = sink;
    for (int i = 0; i < workers.segments(); i++) {
      idle.add(new SegmentCipher());
    }
  }

  /** A free segment; waits for the oldest one in flight if there is none. */
  SegmentCipher take() throws IOException {
    if (idle.isEmpty()) {
      land();
    }
    return idle.remove();
  }

  void submit(SegmentCipher segment, Consumer<SegmentCipher> work) {
    FutureTask<Boolean> task = new FutureTask<>(() -> work.accept(segment), true);
    flying.add(new Flight(segment, task));
    executor.execute(task);
  }

  /** Hands on everything that is still in flight. */
  void drain() throws IOException {
    while (!flying.isEmpty()) {
      land();
    }
  }

  private void land() throws IOException {
    Flight oldest = flying.remove();
    try {
      oldest.work().get();
    } catch (ExecutionException failed) {
      switch (failed.getCause()) {
        case ContainerException refused -> throw refused;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(failed.getCause());
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while segments were in flight");
    }
    sink.accept(oldest.segment());
    idle.add(oldest.segment());
  }
}
