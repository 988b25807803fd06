package dev.reseal.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** What another thread finds out meanwhile; its failure is thrown where the result is needed. */
final class Later<T> {
  private final FutureTask<T> task;

  private Later(Callable<T> work) {
    this.task = new FutureTask<>(work);
  }

  static <T> Later<T> of(Callable<T> work) {
    Later<T> later = new Later<>(work);
    Thread.ofPlatform().daemon().name("later").start(later.task);
    return later;
  }

  T get() throws IOException, InterruptedException {
    try {
      return task.get();
    } catch (ExecutionException failed) {
      switch (failed.getCause()) {
        case IOException world -> throw world;
        case RuntimeException refused -> throw refused;
        case Error bug -> throw bug;
        case null, default -> throw new IllegalStateException(failed);
      }
    }
  }
}
