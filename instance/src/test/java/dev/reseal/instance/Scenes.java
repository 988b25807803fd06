package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.mutation.Good;
import dev.reseal.mutation.Reader;
import dev.reseal.mutation.Scene;
import dev.reseal.mutation.Whole;
import dev.reseal.wire.AuthorityMessage.Abort;
import dev.reseal.wire.AuthorityMessage.Challenge;
import dev.reseal.wire.AuthorityMessage.CheckpointAck;
import dev.reseal.wire.AuthorityMessage.Retired;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Head;
import dev.reseal.wire.InstanceMessage.Checkpoint;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.InstanceMessage.SealReceipt;
import dev.reseal.wire.LogMessage.LogHead;
import dev.reseal.wire.Message;
import java.util.List;
import java.util.Optional;

/**
 * How each message comes to an instance: the one of epoch 2, in a lineage whose instance of epoch 1
 * obeyed another {@code K_A}. Its image is not told of that key any more.
 */
final class Scenes {
  private static final long EPOCH = 2;

  private final Side side = new Side();
  private final Side.Operation one;
  private final Side.Operation two = Side.operation(2);
  private final Side.Operation three = Side.operation(3);
  private final Side.Operation four = Side.operation(4);
  private final Walk.Sealed<SealReceipt> sealed;

  private Scenes() {
    Walk first = new Walk(side);
    one = first.genesis();
    first.lock(one, two);
    sealed = first.seal();
    side.changeKey();
  }

  /** Whoever reads it, and what changes while later messages of its type are sent. */
  private record Obeying(Instance instance, Verb verb) implements Reader {
    @Override
    public Verdict read(Bytes message) {
      return switch (instance.obey(verb, message)) {
        case Outcome.Done _ -> new Verdict.Taken();
        case Outcome.Refused refused -> new Verdict.Refused(refused.rule());
      };
    }

    @Override
    public String whole() {
      return Whole.of(instance);
    }
  }

  private Scene scene(Walk walk, Verb verb, Message message, Scene.Later later) {
    return new Scene(new Obeying(walk.instance, verb), good(message), later);
  }

  private Good good(Message message) {
    return new Good(message.type(), side.sign(message), side.authority, side.former(), one.fence());
  }

  private static Scene over() {
    throw new AssertionError("a replay of a replay");
  }

  static Scene challenge() {
    Scenes s = new Scenes();
    Walk walk = s.standby(s.two).walk();
    return s.scene(
        walk,
        Verb.CHALLENGE,
        s.challenge(1),
        () -> s.scene(walk, Verb.CHALLENGE, s.challenge(2), Scenes::over));
  }

  private Challenge challenge(int nonce) {
    Bytes given = Bytes.concat(Bytes.zeros(28), Bytes.u32(nonce));
    return new Challenge(two.head(), given, side.logHead());
  }

  static Scene grant() {
    Scenes s = new Scenes();
    return s.granted(s.two, () -> s.granted(s.three, Scenes::over));
  }

  private Scene granted(Side.Operation operation, Scene.Later later) {
    Walk walk = new Walk(side);
    var request = walk.attest(operation);
    var state = Walk.registered(one, sealed);
    return scene(walk, Verb.GRANT, side.grant(operation, request, Optional.of(state)), later);
  }

  static Scene activation() {
    Scenes s = new Scenes();
    return s.activated(s.two, () -> s.activated(s.three, Scenes::over));
  }

  /** A candidate that has restored, and its ready. */
  private record Standby(Walk walk, Ready ready) {}

  private Standby standby(Side.Operation operation) {
    Walk walk = Walk.granted(side, one, operation, sealed);
    Ready ready = walk.sent(Ready.class, walk.done(walk.restore(sealed.file()))).message();
    return new Standby(walk, ready);
  }

  private Scene activated(Side.Operation operation, Scene.Later later) {
    Standby s = standby(operation);
    Message activation = side.activation(operation, s.walk().instance, s.ready(), EPOCH);
    return scene(s.walk(), Verb.ACTIVATION, activation, later);
  }

  private Walk serving() {
    Standby s = standby(two);
    s.walk().obey(Verb.ACTIVATION, side.activation(two, s.walk().instance, s.ready(), EPOCH));
    return s.walk();
  }

  private Head head(Side.Operation operation) {
    return new Head(Side.LINEAGE, operation.opId(), operation.fence(), EPOCH);
  }

  static Scene ticket() {
    Scenes s = new Scenes();
    Walk walk = s.serving();
    return s.scene(
        walk,
        Verb.FINISH,
        s.side.ticket(s.two, s.three, walk.instance),
        () -> {
          walk.done(walk.instance.drained());
          walk.obey(Verb.ABORT, s.abortOf(s.three, walk));
          Message next = s.side.ticket(s.two, s.four, walk.instance);
          return s.scene(walk, Verb.FINISH, next, Scenes::over);
        });
  }

  private Abort abortOf(Side.Operation operation, Walk walk) {
    return new Abort(head(operation), walk.instance.instanceId());
  }

  static Scene abort() {
    Scenes s = new Scenes();
    Walk walk = s.serving();
    walk.lock(s.two, s.three);
    return s.scene(
        walk,
        Verb.ABORT,
        s.abortOf(s.three, walk),
        () -> {
          walk.lock(s.two, s.four);
          return s.scene(walk, Verb.ABORT, s.abortOf(s.four, walk), Scenes::over);
        });
  }

  static Scene rekeyGrant() {
    Scenes s = new Scenes();
    Walk walk = s.serving();
    return s.scene(
        walk,
        Verb.REKEY_GRANT,
        s.side.rekey(s.two, s.two.fence() + 1, walk.instance, EPOCH + 1),
        () -> {
          Message next = s.side.rekey(s.two, s.two.fence() + 2, walk.instance, EPOCH + 2);
          return s.scene(walk, Verb.REKEY_GRANT, next, Scenes::over);
        });
  }

  static Scene checkpointAck() {
    Scenes s = new Scenes();
    Walk walk = s.serving();
    return s.scene(
        walk,
        Verb.CHECKPOINT_ACK,
        s.ack(walk),
        () -> s.scene(walk, Verb.CHECKPOINT_ACK, s.ack(walk), Scenes::over));
  }

  private CheckpointAck ack(Walk walk) {
    Checkpoint sent = walk.checkpoint().message().message();
    Bytes bodyId = Digests.body(sent.core(), sent.footer());
    return new CheckpointAck(sent.head(), bodyId, sent.nonce(), side.logHead());
  }

  static Scene passport() {
    Scenes s = new Scenes();
    Walk walk = s.serving();
    return s.scene(
        walk,
        Verb.PASSPORT,
        s.side.passport(s.two, walk.instance, 200_000),
        () -> {
          walk.obey(Verb.PASSPORT, s.side.passport(s.two, walk.instance, 300_000));
          Message next = s.side.passport(s.two, walk.instance, 400_000);
          return s.scene(walk, Verb.PASSPORT, next, Scenes::over);
        });
  }

  static Scene retired() {
    Scenes s = new Scenes();
    Walk walk = s.serving();
    return s.scene(
        walk,
        Verb.RETIRED,
        s.retired(s.side.logHead()),
        () -> s.scene(walk, Verb.RETIRED, s.retired(s.side.logHead()), Scenes::over));
  }

  private Retired retired(Bytes logHead) {
    return new Retired(head(two), List.of(), List.of(1L), logHead, 0);
  }

  /** Inside a message that is right otherwise. */
  private record Learning(Scenes scenes, Obeying carrier) implements Reader {
    @Override
    public Verdict read(Bytes message) {
      return carrier.read(scenes.side.sign(scenes.retired(message)));
    }

    @Override
    public String whole() {
      return carrier.whole();
    }
  }

  static Scene logHead() {
    Scenes s = new Scenes();
    Walk walk = s.serving();
    walk.obey(Verb.RETIRED, s.retired(s.side.logHead()));
    Reader reader = new Learning(s, new Obeying(walk.instance, Verb.RETIRED));
    return new Scene(
        reader,
        s.good(entry(20)),
        () -> {
          reader.read(s.side.sign(entry(21)));
          return new Scene(reader, s.good(entry(22)), Scenes::over);
        });
  }

  private static LogHead entry(long seq) {
    return new LogHead(Head.LOG, seq, Bytes.zeros(32));
  }
}
