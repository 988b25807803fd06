package dev.reseal.authority;

import static dev.reseal.authority.World.answer;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Kind;
import java.util.List;
import java.util.Set;

/**
 * An event that writes, and the world in which it happens.
 *
 * @param writes to register, anchor and key store together
 * @param entries that it leaves in the log
 */
record WritingEvent(String name, String when, Scene scene, int writes, int entries) {
  /** Sends the message; once more, it is answered by the same bytes. */
  interface Step {
    Bytes send();
  }

  interface Scene {
    Step play(World world);
  }

  /** What writes without an event of {@code spec/register.vec}. */
  static final Set<String> BESIDE_THE_TABLE = Set.of("key-add", "phase-times", "destroyed");

  static final List<WritingEvent> ALL =
      List.of(
          new WritingEvent("policy", "birth", world -> policy(world, ""), 2, 1),
          new WritingEvent("policy", "limits", WritingEvent::limits, 2, 1),
          new WritingEvent("policy", "a purpose leaves", WritingEvent::purposeLeaves, 3, 1),
          new WritingEvent("begin", "genesis", WritingEvent::begin, 4, 1),
          new WritingEvent("prepare", "same generation", w -> reseal(w, false), 3, 1),
          new WritingEvent("prepare", "rotate, with an added key", WritingEvent::rotate, 7, 2),
          new WritingEvent("register-seal", "receipt", WritingEvent::receipt, 2, 1),
          new WritingEvent("grant", "candidate", WritingEvent::grant, 2, 1),
          new WritingEvent("activate", "genesis", WritingEvent::activateFirst, 2, 1),
          new WritingEvent("activate", "re-seal", WritingEvent::activateSecond, 2, 1),
          new WritingEvent("abort", "prepared", WritingEvent::abortPrepared, 4, 1),
          new WritingEvent("abort", "sealed", WritingEvent::abortSealed, 4, 1),
          new WritingEvent("abort-genesis", "begun", WritingEvent::abortGenesis, 4, 1),
          new WritingEvent("takeover", "active", WritingEvent::takeoverActive, 4, 1),
          new WritingEvent("takeover", "sealed", WritingEvent::takeoverSealed, 6, 1),
          new WritingEvent("rekey", "active", WritingEvent::rekey, 3, 1),
          new WritingEvent("checkpoint", "active", WritingEvent::checkpoint, 2, 1),
          new WritingEvent("renew", "active", WritingEvent::renew, 1, 0),
          new WritingEvent("retire", "what may go", WritingEvent::retire, 5, 2),
          new WritingEvent("close", "active", WritingEvent::close, 2, 1),
          new WritingEvent("destroyed", "a closed one's keys", WritingEvent::destroyed, 4, 1),
          new WritingEvent("key-add", "first", WritingEvent::keyAdd, 2, 0),
          new WritingEvent("key-add", "instead of another", WritingEvent::keyAddAgain, 2, 0),
          new WritingEvent("phase-times", "of a re-seal", WritingEvent::phaseTimes, 1, 0));

  private static Step call(World world, String name, Bytes body) {
    return () -> answer(world.service.post(name, body));
  }

  private static Step request(World world, Kind kind, boolean rotate, Ask.Extra extra) {
    return call(world, "request", world.signed(world.ask(kind, rotate, extra), world.operator));
  }

  private static Step policy(World world, String more) {
    return policyFile(world, world.policy(more));
  }

  private static Step policyFile(World world, String file) {
    return call(world, "request", world.signed(world.newer(file), world.operator));
  }

  private static Step limits(World world) {
    world.serving();
    return policy(world, ", \"max_grants\": 3");
  }

  private static Step purposeLeaves(World world) {
    keyAdd(world).send();
    String records = "\"purposes\": [\"records\"]";
    return policyFile(world, world.policy("").replace(records, "\"purposes\": [\"ledger\"]"));
  }

  private static Step begin(World world) {
    world.born();
    return request(world, Kind.GENESIS, true, Ask.NOTHING);
  }

  private static Step reseal(World world, boolean rotate) {
    world.serving();
    return request(world, Kind.RESEAL, rotate, Ask.NOTHING);
  }

  private static Step rotate(World world) {
    keyAdd(world).send();
    return request(world, Kind.RESEAL, true, Ask.NOTHING);
  }

  private static Step receipt(World world) {
    Instance old = world.serving();
    Ask ask = world.ask(Kind.RESEAL, true, Ask.NOTHING);
    Bytes ticket = answer(world.request(ask, world.operator));
    return call(world, "seal-receipt", world.seal(old, ticket));
  }

  /** The nonces of an authority that died are gone: the candidate answers a fresh challenge. */
  private static Step grant(World world) {
    Bytes opId = world.sealed(world.serving(), true);
    Instance candidate = world.instance();
    Bytes[] newest = {world.attest(candidate, opId)};
    return () -> {
      Reply reply = world.service.post("grant-request", newest[0]);
      if (reply instanceof Reply.Refused(var error) && error.rule().equals("NONCE")) {
        newest[0] = world.attest(candidate, opId);
        reply = world.service.post("grant-request", newest[0]);
      }
      return answer(reply);
    };
  }

  private static Step activateFirst(World world) {
    world.born();
    Bytes opId = world.begin(Kind.GENESIS, true);
    return call(world, "ready", world.ready(world.instance(), opId));
  }

  private static Step activateSecond(World world) {
    Bytes opId = world.sealed(world.serving(), true);
    return call(world, "ready", world.ready(world.instance(), opId));
  }

  private static Step abortPrepared(World world) {
    reseal(world, true).send();
    return request(world, Kind.ABORT, false, Ask.NOTHING);
  }

  private static Step abortSealed(World world) {
    world.sealed(world.serving(), true);
    return request(world, Kind.ABORT, false, Ask.NOTHING);
  }

  private static Step abortGenesis(World world) {
    begin(world).send();
    return request(world, Kind.ABORT, false, Ask.NOTHING);
  }

  private static Step takeoverActive(World world) {
    world.checkpoint(world.serving());
    return takeover(world);
  }

  private static Step takeoverSealed(World world) {
    world.sealed(world.serving(), true);
    return takeover(world);
  }

  /** An authority that starts does not know what was promised, and waits again. */
  private static Step takeover(World world) {
    Step ask = request(world, Kind.TAKEOVER, true, Ask.NOTHING);
    return () -> {
      world.clocks.pass(2_500);
      return ask.send();
    };
  }

  private static Step rekey(World world) {
    world.serving();
    return request(world, Kind.REKEY, true, Ask.NOTHING);
  }

  private static Step checkpoint(World world) {
    return call(world, "checkpoint", world.checkpointOf(world.serving()));
  }

  /** A renewal whose answer was lost is refused, and the passport is in the status. */
  private static Step renew(World world) {
    Bytes renewal = world.renewal(world.serving());
    return () -> {
      Reply reply = world.service.post("renew", renewal);
      Bytes newest = world.status().active().orElseThrow().passport();
      return switch (reply) {
        case Reply.Answer(Bytes passport) when passport.equals(newest) -> newest;
        case Reply.Refused(var error) when error.rule().equals("STALE_PASSPORT") -> newest;
        case Reply.Answer _, Reply.Refused _, Reply.Nothing _, Reply.Unknown _ ->
            throw new AssertionError(reply);
      };
    };
  }

  private static Step retire(World world) {
    Instance second = world.activate(world.sealed(world.serving(), true));
    world.checkpoint(second);
    return signed(world, ApiVerb.request(world, Kind.RETIRE));
  }

  private static Step signed(World world, ApiVerb.Call call) {
    return call(world, call.name(), Cose.sign(call.type(), call.payload(), world.operator));
  }

  private static Step close(World world) {
    world.serving();
    return request(world, Kind.CLOSE, false, Ask.NOTHING);
  }

  /** No passport is valid any more; a start erases what was kept until then. */
  private static Step destroyed(World world) {
    close(world).send();
    return () -> {
      world.clocks.pass(10_000);
      world.restart();
      return world.store.row(World.LINEAGE).orElseThrow().row();
    };
  }

  private static Step keyAdd(World world) {
    world.serving();
    return signed(world, ApiVerb.keyAdd(world));
  }

  private static Step keyAddAgain(World world) {
    keyAdd(world).send();
    return signed(world, ApiVerb.keyAdd(world));
  }

  private static Step phaseTimes(World world) {
    world.activate(world.sealed(world.serving(), false));
    ApiVerb.Call call = ApiVerb.phaseTimes(world);
    return call(world, call.name(), Cose.sign(call.type(), call.payload(), world.supervisor));
  }
}
