package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Call;
import dev.reseal.lifecycle.Denial;
import dev.reseal.lifecycle.Event;
import dev.reseal.supervisor.Authority.Reply;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import dev.reseal.wire.WireError;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Calls to the authority, repeated byte for byte until answered: a repeat has no second effect
 * (protocol 6.3). A newer call ends an older one: nobody waits for its answer any more, which might
 * be taken for that of the newer one.
 */
final class Conversation {
  private static final int ATTEMPTS = 24;
  private static final long FIRST_PAUSE_MS = 50;
  private static final long LONGEST_PAUSE_MS = 100;

  private final Authority authority;
  private final Bytes lineage;
  private final SigningKey key;
  private final Consumer<Event> events;
  private final Consumer<String> obstacles;
  private final Consumer<Throwable> broken;
  private final AtomicLong newest = new AtomicLong();
  private final AtomicReference<Optional<Early>> early = new AtomicReference<>(Optional.empty());

  Conversation(
      Authority authority,
      Bytes lineage,
      SigningKey key,
      Consumer<Event> events,
      Consumer<String> obstacles,
      Consumer<Throwable> broken) {
    this.authority = authority;
    this.lineage = lineage;
    this.key = key;
    this.events = events;
    this.obstacles = obstacles;
    this.broken = broken;
  }

  void submit(Call call, Bytes message) {
    begin(call, () -> authority.post(Answers.path(call), message));
  }

  /** A challenge that was asked for before there was a candidate for it. */
  private record Early(Bytes opId, FutureTask<Reply> asked) {
    private Reply reply() {
      try {
        return asked.get();
      } catch (ExecutionException bug) {
        throw new IllegalStateException(bug.getCause());
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        return new Reply.Silent("interrupted");
      }
    }
  }

  /**
   * Asks for a challenge while the process of the candidate starts. One that has got too old until
   * then is refused by its nonce, and the candidate answers a fresh one.
   */
  void expect(Bytes opId) {
    FutureTask<Reply> asked = new FutureTask<>(() -> authority.challenge(lineage, opId));
    early.set(Optional.of(new Early(opId, asked)));
    Thread.ofVirtual().name("authority-early").start(asked);
  }

  /** The one that was expected, once, or a fresh one. */
  void challenge(Bytes opId) {
    Optional<Early> expected =
        early.getAndSet(Optional.empty()).filter(asked -> asked.opId().equals(opId));
    begin(
        Call.CHALLENGE,
        () ->
            expected
                .map(Early::reply)
                .filter(Reply.Answer.class::isInstance)
                .orElseGet(() -> authority.challenge(lineage, opId)));
  }

  void fetch(Call call, Bytes opId) {
    String what = call == Call.FETCH_ABORT ? "abort" : "activation";
    begin(call, () -> authority.fetch(what, lineage, opId));
  }

  /** The request is made once, about the newest status, and then repeated as it is. */
  void demand(Kind kind) {
    Demand demand =
        switch (kind) {
          case TAKEOVER -> new Demand(Call.TAKEOVER, Requests::takeover);
          case ABORT -> new Demand(Call.ABORT, Requests::abort);
          case RETIRE -> new Demand(Call.RETIRE, Requests::retire);
          case GENESIS, RESEAL, UPGRADE, MIGRATE, RECOVER, REKEY, CLOSE, POLICY ->
              throw new IllegalArgumentException("a supervisor does not ask for " + kind);
        };
    begin(demand.call, demand::attempt);
  }

  void close() {
    newest.incrementAndGet();
  }

  /** A request of our own, made when the authority first shows a status. */
  private final class Demand {
    private final Call call;
    private final BiFunction<Status, SigningKey, Requests.Made> request;
    private Bytes made = Bytes.EMPTY;

    private Demand(Call call, BiFunction<Status, SigningKey, Requests.Made> request) {
      this.call = call;
      this.request = request;
    }

    private Reply attempt() {
      if (made.size() == 0) {
        Reply reply = authority.statusBytes(lineage);
        if (!(reply instanceof Reply.Answer(Bytes body))) {
          return reply;
        }
        Status status = Status.decode(body);
        if (call == Call.RETIRE && nothingToRetire(status)) {
          return new Reply.Answer(Bytes.EMPTY);
        }
        made = request.apply(status, key).message();
      }
      return authority.request(made);
    }
  }

  private static boolean nothingToRetire(Status status) {
    return status.retirable().wrapIds().isEmpty() && status.retirable().gens().isEmpty();
  }

  private void begin(Call call, Supplier<Reply> attempt) {
    long mine = newest.incrementAndGet();
    Thread.ofVirtual()
        .name("authority-" + call)
        .uncaughtExceptionHandler((_, bug) -> broken.accept(bug))
        .start(() -> repeat(call, attempt, mine));
  }

  private void repeat(Call call, Supplier<Reply> attempt, long mine) {
    long pauseMs = FIRST_PAUSE_MS;
    for (int tried = 1; newest.get() == mine; tried++) {
      Reply reply = attempt.get();
      if (newest.get() != mine) {
        return;
      }
      if (!isSilence(call, reply)) {
        events.accept(event(call, reply));
        return;
      }
      if (tried == 1) {
        Log.warn(call + ": " + detail(reply) + "; repeating");
        obstacles.accept(call + ": " + detail(reply));
      }
      if (tried >= ATTEMPTS && !call.enduring()) {
        events.accept(new Event.Unanswered(call, detail(reply)));
        return;
      }
      if (!paused(pauseMs)) {
        return;
      }
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  private static boolean paused(long ms) {
    try {
      Thread.sleep(ms);
      return true;
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * Whether the same call is to be repeated. A grant-request is not: its nonce is used up, so the
   * candidate has to answer a fresh challenge.
   */
  private static boolean isSilence(Call call, Reply reply) {
    return switch (reply) {
      case Reply.Answer _ -> false;
      case Reply.Refused(WireError error) ->
          call != Call.GRANT
              && (error.code() == Code.UNAVAILABLE || error.code() == Code.PERMIT_EXPIRED);
      case Reply.Silent _ -> true;
    };
  }

  private static String detail(Reply reply) {
    return switch (reply) {
      case Reply.Answer _ -> "";
      case Reply.Refused(WireError error) -> error.detail();
      case Reply.Silent(String detail) -> detail;
    };
  }

  private static Event event(Call call, Reply reply) {
    return switch (reply) {
      case Reply.Answer(Bytes body) -> Answers.answered(call, body);
      case Reply.Refused(WireError error) -> {
        Log.warn(call + " refused: " + error.code() + "/" + error.rule() + ": " + error.detail());
        yield new Event.Denied(call, Denial.of(error));
      }
      case Reply.Silent(String detail) -> new Event.Unanswered(call, detail);
    };
  }
}
