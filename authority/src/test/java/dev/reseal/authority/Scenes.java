package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.done;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.instance.Verb;
import dev.reseal.mutation.Good;
import dev.reseal.mutation.Reader;
import dev.reseal.mutation.Scene;
import dev.reseal.mutation.Whole;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Head;
import dev.reseal.wire.InstanceMessage.Open;
import dev.reseal.wire.InstanceMessage.Renew;
import dev.reseal.wire.Kind;
import dev.reseal.wire.LogMessage.LogHead;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * How each message comes to the authority: in epoch 2 of a lineage, so that there is a key of the
 * epoch before, which counted once.
 */
final class Scenes {
  private final World world;
  private final Instance first;

  private Scenes(World world) {
    this.world = world;
    this.first = world.serving();
  }

  /** Row, log, keys, anchor and whatever the authority remembers; its answers in order. */
  private record Called(World world, MessageType type, Deque<Bytes> answers) implements Reader {
    @Override
    public Verdict read(Bytes message) {
      return switch (world.service.post(type.wireName(), message)) {
        case Reply.Answer(Bytes body) -> {
          answers.add(body);
          yield new Verdict.Taken();
        }
        case Reply.Nothing() -> new Verdict.Taken();
        case Reply.Refused(var error) -> new Verdict.Refused(error.rule());
        case Reply.Unknown() -> throw new AssertionError("no call " + type);
      };
    }

    @Override
    public String whole() {
      return Whole.of(world.service, world.store, world.anchor, world.keys);
    }
  }

  private Called called(MessageType type) {
    return new Called(world, type, new ArrayDeque<>());
  }

  private static Scene over() {
    throw new AssertionError("a replay of a replay");
  }

  /** The row's operation is at least the second. */
  private static final long OLDER = 1;

  private Scene scene(Called called, Bytes cose, SigningKey by, SigningKey old, Scene.Later later) {
    return new Scene(called, new Good(called.type(), cose, by, old, OLDER), later);
  }

  /** By an operator; another one struck itself off the policy. */
  static Scene request(World world) {
    Scenes s = new Scenes(world);
    world.activate(world.sealed(s.first, false));
    SigningKey former = SigningKey.generate(Randomness.system());
    String own = world.operator.verifyKey().spki().toHex();
    String policy = world.policy("");
    s.apply(
        policy.replace(own, own + "\", \"" + former.verifyKey().spki().toHex()), world.operator);
    s.apply(policy, former);
    Called called = s.called(MessageType.REQUEST);
    return s.scene(
        called,
        s.reseal(),
        world.operator,
        former,
        () -> {
          answer(world.request(world.ask(Kind.ABORT, false, Ask.NOTHING), world.operator));
          return s.scene(called, s.reseal(), world.operator, former, Scenes::over);
        });
  }

  private void apply(String policy, SigningKey by) {
    answer(world.request(world.newer(policy), by));
  }

  private Bytes reseal() {
    return world.signed(world.ask(Kind.RESEAL, false, Ask.NOTHING), world.operator);
  }

  /** What the instance of epoch 2 sends, by its key and that of epoch 1. */
  private interface Sent {
    Bytes by(Instance active);
  }

  /** Nothing has to happen before it sends the next one. */
  private Scene bySecond(MessageType type, Sent sent) {
    Instance active = world.activate(world.sealed(first, false));
    return bySecond(called(type), active, sent, () -> {});
  }

  private Scene bySecond(Called called, Instance active, Sent sent, Runnable meanwhile) {
    SigningKey by = Forger.keyOf(active);
    SigningKey old = Forger.keyOf(first);
    return scene(
        called,
        sent.by(active),
        by,
        old,
        () -> {
          meanwhile.run();
          return scene(called, sent.by(active), by, old, Scenes::over);
        });
  }

  static Scene checkpoint(World world) {
    return new Scenes(world).bySecond(MessageType.CHECKPOINT, world::checkpointOf);
  }

  static Scene renew(World world) {
    Scenes s = new Scenes(world);
    Instance active = world.activate(world.sealed(s.first, false));
    Called called = s.called(MessageType.RENEW);
    Runnable hears = () -> done(active.obey(Verb.PASSPORT, called.answers().getLast()));
    return s.bySecond(called, active, world::renewal, hears);
  }

  static Scene receipt(World world) {
    Scenes s = new Scenes(world);
    Instance active = world.activate(world.sealed(s.first, false));
    Sent sent = sealer -> world.seal(sealer, answer(world.service.post("request", s.reseal())));
    Runnable aborted =
        () -> {
          Ask abort = world.ask(Kind.ABORT, false, Ask.NOTHING);
          done(active.obey(Verb.ABORT, answer(world.request(abort, world.operator))));
        };
    return s.bySecond(s.called(MessageType.SEAL_RECEIPT), active, sent, aborted);
  }

  static Scene open(World world) {
    Scenes s = new Scenes(world);
    Instance active = world.activate(world.sealed(s.first, false));
    Sent sent =
        sealer -> {
          Head head = new Head(World.LINEAGE, world.begin(Kind.RESEAL, false), fence(world), 2);
          Open open = new Open(head, Bytes.zeros(8), Bytes.zeros(8), Bytes.zeros(32));
          return Signed.sign(open, Forger.keyOf(sealer)).cose();
        };
    Runnable aborted =
        () -> answer(world.request(world.ask(Kind.ABORT, false, Ask.NOTHING), world.operator));
    return s.bySecond(s.called(MessageType.OPEN), active, sent, aborted);
  }

  private static long fence(World world) {
    return world.status().operation().fence();
  }

  /** Another candidate of the same operation may ask as well. */
  static Scene grantRequest(World world) {
    Scenes s = new Scenes(world);
    Bytes opId = world.sealed(s.first, false);
    Called called = s.called(MessageType.GRANT_REQUEST);
    return s.asked(called, opId, () -> s.asked(called, opId, Scenes::over));
  }

  private Scene asked(Called called, Bytes opId, Scene.Later later) {
    Instance candidate = world.instance();
    Bytes request = world.attest(candidate, opId);
    return scene(called, request, Forger.keyOf(candidate), Forger.keyOf(first), later);
  }

  /** Later it is the successor that is replaced. */
  static Scene ready(World world) {
    Scenes s = new Scenes(world);
    Called called = s.called(MessageType.READY);
    Instance second = world.instance();
    return s.readied(
        called,
        second,
        world.sealed(s.first, false),
        () -> {
          done(second.obey(Verb.ACTIVATION, called.answers().getLast()));
          return s.readied(called, world.instance(), world.sealed(second, false), Scenes::over);
        });
  }

  private Scene readied(Called called, Instance candidate, Bytes opId, Scene.Later later) {
    Bytes ready = world.ready(candidate, opId);
    return scene(called, ready, Forger.keyOf(candidate), Forger.keyOf(first), later);
  }

  /**
   * In a renewal that is right otherwise. A head that is ahead of our log accuses the register;
   * what is no head says nothing. Compared is whether the register is served.
   */
  private record Accused(World world, Instance active) implements Reader {
    @Override
    public Verdict read(Bytes message) {
      Renew renew = Signed.peek(Renew.class, world.renewal(active));
      Cbor.Map fields = (Cbor.Map) Cbor.decode(renew.payload());
      Bytes payload = fields.without(12).with(12, message).encode();
      Bytes cose = Cose.sign(renew.type().wireName(), payload, Forger.keyOf(active));
      return switch (world.service.post(renew.type().wireName(), cose)) {
        case Reply.Answer(Bytes passport) -> {
          done(active.obey(Verb.PASSPORT, passport));
          yield new Verdict.Taken();
        }
        case Reply.Refused(var error) -> new Verdict.Refused(error.rule());
        case Reply.Nothing _, Reply.Unknown _ -> throw new AssertionError(renew);
      };
    }

    @Override
    public String whole() {
      return switch (world.service.get("status/" + World.LINEAGE)) {
        case Reply.Answer _ -> "served";
        case Reply.Refused(var error) -> error.rule();
        case Reply.Nothing _, Reply.Unknown _ -> throw new AssertionError("no status");
      };
    }
  }

  /** A register has one {@code K_A} all its life; the former one is of the register before it. */
  static Scene logHead(World world) {
    Scenes s = new Scenes(world);
    Reader reader = new Accused(world, world.activate(world.sealed(s.first, false)));
    LogHead ahead = new LogHead(Head.LOG, world.store.tail().seq() + 5, Bytes.zeros(32));
    SigningKey former = SigningKey.generate(Randomness.system());
    Bytes cose = Signed.sign(ahead, world.signer).cose();
    Good good = new Good(MessageType.LOG_HEAD, cose, world.signer, former, OLDER);
    return new Scene(reader, good, () -> new Scene(reader, good, Scenes::over));
  }
}
