package dev.reseal.simulation;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** The way to the authority: it takes time, so that calls overtake each other, and it is bad. */
final class Network {
  private static final long SILENCE_MS = 1_000;

  private final World world;
  private final Chance chance;
  private final List<Posted> posted = new ArrayList<>();
  private int requestsToLose;
  private int answersToLose;
  private int toDelay;
  private int toRepeat;
  private long downUntilMs;

  Network(World world, Chance chance) {
    this.world = world;
    this.chance = chance;
  }

  /** A message that went this way; anybody on it could send it again. */
  record Posted(String name, Bytes body) {}

  List<Posted> posted() {
    return posted;
  }

  void loseRequests(int n) {
    requestsToLose = n;
  }

  void loseAnswers(int n) {
    answersToLose = n;
  }

  void delay(int n) {
    toDelay = n;
  }

  void repeat(int n) {
    toRepeat = n;
  }

  void down(long ms) {
    downUntilMs = world.time.nowMs() + ms;
  }

  void heal() {
    requestsToLose = 0;
    answersToLose = 0;
    toDelay = 0;
    toRepeat = 0;
    downUntilMs = 0;
  }

  /** {@code answer} is called once: with the reply, or with nothing after a while. */
  void post(String name, Bytes body, Consumer<Optional<Reply>> answer) {
    posted.add(new Posted(name, body));
    exchange(name, body, () -> world.authority.call(name, body), answer);
  }

  void get(String path, Consumer<Optional<Reply>> answer) {
    String what = path.substring(0, path.indexOf('/'));
    exchange(what, Bytes.EMPTY, () -> world.authority.look(path), answer);
  }

  private interface There {
    Optional<Reply> reply();
  }

  private void exchange(String what, Bytes body, There there, Consumer<Optional<Reply>> answer) {
    if (requestsToLose > 0 || world.time.nowMs() < downUntilMs) {
      requestsToLose = Math.max(0, requestsToLose - 1);
      world.time.after(SILENCE_MS, () -> answer.accept(Optional.empty()));
      return;
    }
    long way = chance.between(1, 4);
    if (toDelay > 0) {
      toDelay--;
      way += chance.between(500, 3_000);
    }
    if (toRepeat > 0) {
      toRepeat--;
      world.time.after(
          way + chance.between(1, 2_000),
          () -> {
            world.trace.line("repeated " + what, body);
            there.reply();
          });
    }
    boolean late = way > SILENCE_MS;
    world.time.after(
        way,
        () -> {
          Optional<Reply> reply = there.reply();
          world.trace.line(
              "authority "
                  + what
                  + " "
                  + Trace.tag(body)
                  + " "
                  + reply.map(Network::words).orElse("silent"));
          world.learn(what, reply);
          boolean lost = answersToLose > 0;
          answersToLose = Math.max(0, answersToLose - 1);
          if (!late) {
            boolean silent = lost || reply.isEmpty();
            world.time.after(
                silent ? SILENCE_MS : chance.between(1, 3),
                () -> answer.accept(lost ? Optional.empty() : reply));
          }
        });
    if (late) {
      world.time.after(SILENCE_MS, () -> answer.accept(Optional.empty()));
    }
  }

  private static String words(Reply reply) {
    return switch (reply) {
      case Reply.Answer(Bytes body) -> "answered " + Trace.tag(body);
      case Reply.Nothing() -> "done";
      case Reply.Refused(var error) -> error.code() + "/" + error.rule();
      case Reply.Unknown() -> "unknown";
    };
  }
}
