package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.InstanceState;
import dev.reseal.lifecycle.Verb;
import dev.reseal.wire.Cbor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What the supervisor knows of one instance, and the advice that waits for it (transport T4). The
 * handle is the supervisor's own and names the instance's directory.
 */
final class Link {
  /** Advice that waits; an instance that does not listen is not sent more. */
  private static final int WAITING_MAX = 64;

  private final String handle;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition advised = lock.newCondition();
  private final ArrayDeque<Advice> waiting = new ArrayDeque<>();
  private long newest;
  private Optional<String> platformHandle = Optional.empty();
  private Optional<Bytes> instanceId = Optional.empty();
  private InstanceState state = InstanceState.SILENT;
  private int port;
  private long pid;

  Link(String handle) {
    this.handle = handle;
  }

  private record Advice(long number, Verb verb, Bytes payload) {
    Cbor item() {
      return Cbor.array(Cbor.of(number), Cbor.of(verb.word()), Cbor.of(payload));
    }
  }

  String handle() {
    return handle;
  }

  /** Numbers grow with the clock, so that they never go back when the supervisor restarts. */
  void advise(Verb verb, Bytes payload) {
    lock.lock();
    try {
      newest = Math.max(newest + 1, System.currentTimeMillis());
      waiting.add(new Advice(newest, verb, payload));
      if (waiting.size() > WAITING_MAX) {
        waiting.remove();
      }
      advised.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Advice above {@code after}, oldest first; empty after {@code waitMs} without any. */
  Optional<Bytes> await(long after, long waitMs) throws InterruptedException {
    lock.lock();
    try {
      newest = Math.max(newest, after);
      waiting.removeIf(advice -> advice.number() <= after);
      long left = TimeUnit.MILLISECONDS.toNanos(waitMs);
      while (waiting.isEmpty() && left > 0) {
        left = advised.awaitNanos(left);
      }
      List<Cbor> items = new ArrayList<>();
      waiting.forEach(advice -> items.add(advice.item()));
      return items.isEmpty() ? Optional.empty() : Optional.of(new Cbor.Array(items).encode());
    } finally {
      lock.unlock();
    }
  }

  synchronized void created(String newPlatformHandle, long newPid) {
    platformHandle = Optional.of(newPlatformHandle);
    pid = newPid;
  }

  synchronized Optional<String> platformHandle() {
    return platformHandle;
  }

  synchronized long pid() {
    return pid;
  }

  synchronized void born(Bytes id) {
    instanceId = Optional.of(id);
  }

  synchronized Optional<Bytes> instanceId() {
    return instanceId;
  }

  synchronized void enter(InstanceState next) {
    state = next;
  }

  synchronized InstanceState state() {
    return state;
  }

  synchronized void listens(int newPort) {
    port = newPort;
  }

  /** 0 until the instance said where it listens. */
  synchronized int port() {
    return port;
  }
}
