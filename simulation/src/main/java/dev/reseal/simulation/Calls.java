package dev.reseal.simulation;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Call;
import dev.reseal.lifecycle.Denial;
import dev.reseal.lifecycle.Event;
import dev.reseal.supervisor.Answers;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Status;
import dev.reseal.wire.WireError;
import java.util.Optional;

/**
 * A supervisor's calls to the authority over a bad network: repeated byte for byte until answered,
 * a newer call ends the repeating of an older one.
 */
final class Calls {
  private static final int ATTEMPTS = 5;
  private static final long FIRST_PAUSE_MS = 100;
  private static final long LONGEST_PAUSE_MS = 2_000;
  private static final Bytes NO_OP = Bytes.zeros(16);

  private final World world;
  private final long life;
  private int newest;

  /** {@code life}: of the supervisor that calls; a later one hears no answer of these. */
  Calls(World world, long life) {
    this.world = world;
    this.life = life;
  }

  private interface Attempt {
    /** One attempt; empty is silence. */
    void once(java.util.function.Consumer<Optional<Reply>> answer);
  }

  void submit(Call call, Bytes message) {
    begin(call, answer -> world.network.post(Answers.path(call), message, answer));
  }

  void challenge(Bytes opId) {
    Bytes body = Cbor.array(Cbor.of(AuthorityNode.LINEAGE), Cbor.of(opId)).encode();
    begin(Call.CHALLENGE, answer -> world.network.post("challenge", body, answer));
  }

  void fetch(Call call, Bytes opId) {
    String what = call == Call.FETCH_ABORT ? "abort/" : "activation/";
    String path = what + AuthorityNode.LINEAGE.toHex() + "/" + opId.toHex();
    begin(call, answer -> world.network.get(path, answer));
  }

  /** The request is made once, about the newest status, and then repeated as it is. */
  void demand(Kind kind) {
    Call call =
        switch (kind) {
          case TAKEOVER -> Call.TAKEOVER;
          case ABORT -> Call.ABORT;
          case RETIRE -> Call.RETIRE;
          case GENESIS, RESEAL, UPGRADE, MIGRATE, RECOVER, REKEY, CLOSE, POLICY ->
              throw new IllegalArgumentException("a supervisor does not ask for " + kind);
        };
    Bytes[] made = {Bytes.EMPTY};
    begin(
        call,
        answer -> {
          if (made[0].size() > 0) {
            world.network.post("request", made[0], answer);
            return;
          }
          world.network.get(
              "status/" + AuthorityNode.LINEAGE.toHex(),
              reply -> {
                if (reply.isEmpty() || !(reply.get() instanceof Reply.Answer(Bytes body))) {
                  answer.accept(reply);
                  return;
                }
                Status status = Status.decode(body);
                if (kind == Kind.RETIRE
                    && status.retirable().wrapIds().isEmpty()
                    && status.retirable().gens().isEmpty()) {
                  answer.accept(Optional.of(new Reply.Answer(Bytes.EMPTY)));
                  return;
                }
                made[0] = make(kind, status).message();
                world.network.post("request", made[0], answer);
              });
        });
  }

  private Requests.Made make(Kind kind, Status status) {
    return switch (kind) {
      case TAKEOVER -> Requests.takeover(status, world.authority.supervisor);
      case ABORT -> Requests.abort(status, world.authority.supervisor);
      default -> Requests.retire(status, world.authority.supervisor);
    };
  }

  private void begin(Call call, Attempt attempt) {
    repeat(call, attempt, ++newest, 1, FIRST_PAUSE_MS);
  }

  private void repeat(Call call, Attempt attempt, int mine, int tried, long pauseMs) {
    if (newest != mine || world.supervisor.life() != life) {
      return;
    }
    attempt.once(reply -> {
      if (world.supervisor.life() != life) {
        return;
      }
      Optional<Reply> heard =
          reply.filter(answer ->
              !(answer instanceof Reply.Refused(WireError error)
                  && error.code() == Code.UNAVAILABLE));
      if (heard.isPresent()) {
        world.supervisor.hear(event(call, heard.get()));
      } else if (tried >= ATTEMPTS && !call.enduring()) {
        world.supervisor.hear(new Event.Unanswered(call, "silence"));
      } else {
        world.time.after(
            pauseMs,
            () -> repeat(call, attempt, mine, tried + 1, Math.min(2 * pauseMs, LONGEST_PAUSE_MS)));
      }
    });
  }

  private static Event event(Call call, Reply reply) {
    return switch (reply) {
      case Reply.Answer(Bytes body) -> Answers.answered(call, body);
      case Reply.Nothing() -> new Event.Answered(call, NO_OP, 0, Bytes.EMPTY);
      case Reply.Refused(WireError error) -> new Event.Denied(call, Denial.of(error));
      case Reply.Unknown() -> throw new IllegalStateException(call + " is unknown");
    };
  }
}
