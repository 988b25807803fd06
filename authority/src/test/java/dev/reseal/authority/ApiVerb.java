package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.PhaseTimes;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Request;
import dev.reseal.wire.Status;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/**
 * One verb of the authority's API, the state in which it is asked for and how.
 *
 * @param may whose key is accepted; what comes of it is {@code outcome}
 * @param denied the rule for a supervisor that is not among them
 */
record ApiVerb(
    String name, Scene scene, Asking asking, Set<Credential> may, String denied, String outcome) {
  static final String DONE = "done";

  /** Who asks, and how. The last three have the right key. */
  enum Credential {
    NONE,
    STRANGER,
    OTHER_OPERATOR,
    INSTANCE,
    AUTHORITY,
    SUPERVISOR,
    OPERATOR,
    /** The right key, another signature. */
    FORGED,
    /** Signed by the right key as something else. */
    OTHER_TYPE,
    /** Signed by the right key before the last operation. */
    EXPIRED
  }

  /** What is asked for. */
  record Call(String name, String type, Bytes payload, Bytes expired) {}

  interface Scene {
    Instance play(World world);
  }

  interface Asking {
    Call call(World world);
  }

  private static final Set<Credential> OPERATOR = Set.of(Credential.OPERATOR);
  private static final Set<Credential> HOST = Set.of(Credential.OPERATOR, Credential.SUPERVISOR);

  private static ApiVerb request(Kind kind, Scene scene, Set<Credential> may, String outcome) {
    String denied = "DENY verb=" + kind.wireName();
    return new ApiVerb(kind.wireName(), scene, world -> request(world, kind), may, denied, outcome);
  }

  static final List<ApiVerb> ALL =
      List.of(
          request(Kind.POLICY, World::serving, OPERATOR, DONE),
          request(Kind.GENESIS, ApiVerb::childless, OPERATOR, DONE),
          request(Kind.RESEAL, World::serving, OPERATOR, DONE),
          request(Kind.UPGRADE, World::serving, OPERATOR, "NOT_IN_THIS_VERSION"),
          request(Kind.MIGRATE, World::serving, OPERATOR, "NOT_IN_THIS_VERSION"),
          request(Kind.TAKEOVER, ApiVerb::lapsed, HOST, DONE),
          request(Kind.RECOVER, World::serving, OPERATOR, "NOT_IN_THIS_VERSION"),
          request(Kind.REKEY, World::serving, OPERATOR, DONE),
          request(Kind.ABORT, ApiVerb::prepared, HOST, DONE),
          request(Kind.RETIRE, ApiVerb::checkpointed, HOST, DONE),
          request(Kind.CLOSE, World::serving, OPERATOR, DONE),
          new ApiVerb("key-add", World::serving, ApiVerb::keyAdd, OPERATOR, "SIGNER", DONE),
          new ApiVerb("key-list", World::serving, ApiVerb::keyList, OPERATOR, "SIGNER", DONE),
          new ApiVerb(
              "phase-times",
              World::serving,
              ApiVerb::phaseTimes,
              Set.of(Credential.SUPERVISOR),
              "SIGNER",
              DONE));

  /** A lineage without an instance; the key that stands for one is nobody's. */
  private static Instance childless(World world) {
    world.born();
    return world.instance();
  }

  /** The passport has ended: a takeover waits for nobody. */
  private static Instance lapsed(World world) {
    Instance active = world.serving();
    world.clocks.pass(10_000);
    return active;
  }

  private static Instance prepared(World world) {
    Instance active = world.serving();
    world.begin(Kind.RESEAL, false);
    return active;
  }

  private static Instance checkpointed(World world) {
    Instance active = world.activate(world.sealed(world.serving(), false));
    world.checkpoint(active);
    return active;
  }

  static Call request(World world, Kind kind) {
    Ask.Extra extra =
        switch (kind) {
          case POLICY -> world.newer(world.policy("")).extra();
          case RETIRE -> {
            Status.Retirable can = world.status().retirable();
            yield new Ask.Extra.Keys(can.wrapIds(), can.gens());
          }
          case GENESIS, RESEAL, UPGRADE, MIGRATE, TAKEOVER, RECOVER, REKEY, ABORT, CLOSE ->
              Ask.NOTHING;
        };
    Ask ask = world.ask(kind, kind == Kind.GENESIS || kind == Kind.REKEY, extra);
    Head now = ask.head();
    // Before the birth there is no fence: what expired there is from after it.
    long fence = now.fence() == 0 ? 1 : now.fence() - 1;
    Head then = new Head(now.lineage(), Randomness.system().bytes(16), fence, now.epoch());
    Ask old = new Ask(then, kind, ask.mode(), ask.targets(), ask.rotate(), extra);
    return new Call(
        "request",
        "request",
        Request.of(ask, List.of()).payload(),
        Request.of(old, List.of()).payload());
  }

  static Call keyAdd(World world) {
    return call(
        "key-add",
        Cbor.map()
            .with(1, 1)
            .with(2, World.LINEAGE)
            .with(3, "records")
            .with(4, Bytes.zeros(32))
            .with(5, Randomness.system().bytes(16))
            .encode());
  }

  private static Call keyList(World world) {
    return call(
        "key-list",
        Cbor.map()
            .with(1, 1)
            .with(2, World.LINEAGE)
            .with(5, Randomness.system().bytes(16))
            .encode());
  }

  static Call phaseTimes(World world) {
    Bytes opId = world.status().operation().opId();
    return call(PhaseTimes.NAME, new PhaseTimes(World.LINEAGE, opId, new TreeMap<>()).encode());
  }

  /** Those have no fence: a nonce or the operation says what they are about. */
  private static Call call(String name, Bytes payload) {
    return new Call(name, name, payload, Bytes.EMPTY);
  }
}
