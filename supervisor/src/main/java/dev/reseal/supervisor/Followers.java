package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Outcome;
import dev.reseal.lifecycle.Phase;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

/** Connections that wait for an operation: they see every phase, then its end. */
final class Followers implements Stopwatch.Follower {
  /** Phases kept for one who does not listen; the end is, in any case. */
  private static final int NEWS_MAX = 4_096;

  private final List<Follower> followers = new CopyOnWriteArrayList<>();
  private final Set<Bytes> held = ConcurrentHashMap.newKeySet();

  /** What a follower hears. */
  sealed interface News {
    record Entered(Phase phase, String edge, long micros) implements News {}

    record Waits(String obstacle) implements News {}

    record Ended(Bytes opId, Outcome outcome) implements News {}
  }

  /** One connection; {@code opId} is empty when it waits for whatever goes on. */
  static final class Follower {
    private final Optional<Bytes> opId;
    private final BlockingQueue<News> news = new LinkedBlockingQueue<>();

    Follower(Optional<Bytes> opId) {
      this.opId = opId;
    }

    News next() throws InterruptedException {
      return news.take();
    }
  }

  Follower follow(Optional<Bytes> opId) {
    Follower follower = new Follower(opId);
    followers.add(follower);
    return follower;
  }

  void leave(Follower follower) {
    followers.remove(follower);
  }

  @Override
  public void phase(Phase phase, String edge, long micros) {
    tell(new News.Entered(phase, edge, micros));
  }

  /** What stands in the way of whatever goes on. */
  void waits(String obstacle) {
    tell(new News.Waits(obstacle));
  }

  private void tell(News news) {
    followers.stream().filter(f -> f.news.size() < NEWS_MAX).forEach(f -> f.news.add(news));
  }

  /** Its end is known and told later: what else is said of its end until then comes too late. */
  void hold(Bytes opId) {
    held.add(opId);
  }

  void release(Bytes opId, Outcome outcome) {
    held.remove(opId);
    ended(opId, outcome);
  }

  /** Whoever asked for it hears its end; who only follows hears the end of any. */
  void ended(Bytes opId, Outcome outcome) {
    if (held.contains(opId)) {
      return;
    }
    for (Follower follower : followers) {
      if (follower.opId.isEmpty() || follower.opId.get().equals(opId)) {
        follower.news.add(new News.Ended(opId, outcome));
      }
    }
  }
}
