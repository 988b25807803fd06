package dev.reseal.authority;

import static dev.reseal.authority.World.answer;

import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Head;
import dev.reseal.wire.InstanceMessage;
import dev.reseal.wire.Kind;
import dev.reseal.wire.SigningKey;
import java.util.function.BiFunction;

/**
 * What an honest sender would send now, for each type in a world that has come so far.
 *
 * @param old the key of who no longer may sign it
 */
record GoodMessage(World world, Bytes cose, SigningKey signer, SigningKey old) {
  static GoodMessage request(World world) {
    world.serving();
    Ask ask = world.ask(Kind.RESEAL, false, Ask.NOTHING);
    return new GoodMessage(
        world, world.signed(ask, world.operator), world.operator, world.supervisor);
  }

  /** The instance of epoch 2, and the key of the one of epoch 1. */
  private record Second(Instance active, SigningKey old) {
    static Second of(World world) {
      Instance first = world.serving();
      SigningKey key = Forger.keyOf(first);
      return new Second(world.activate(world.sealed(first, false)), key);
    }
  }

  static GoodMessage open(World world) {
    Second second = Second.of(world);
    world.begin(Kind.RESEAL, false);
    Head row = new Head(World.LINEAGE, world.status().operation().opId(), 3, 2);
    Bytes payload =
        new InstanceMessage.Open(row, Bytes.zeros(8), Bytes.zeros(8), Bytes.zeros(32)).payload();
    SigningKey signer = Forger.keyOf(second.active());
    return new GoodMessage(world, Cose.sign("open", payload, signer), signer, second.old());
  }

  static GoodMessage receipt(World world) {
    Second second = Second.of(world);
    Ask ask = world.ask(Kind.RESEAL, false, Ask.NOTHING);
    SigningKey signer = Forger.keyOf(second.active());
    Bytes receipt = world.seal(second.active(), answer(world.request(ask, world.operator)));
    return new GoodMessage(world, receipt, signer, second.old());
  }

  static GoodMessage checkpoint(World world) {
    Second second = Second.of(world);
    return new GoodMessage(
        world, world.checkpointOf(second.active()), Forger.keyOf(second.active()), second.old());
  }

  static GoodMessage grantRequest(World world) {
    return ofCandidate(world, world::attest);
  }

  static GoodMessage ready(World world) {
    return ofCandidate(world, world::ready);
  }

  private static GoodMessage ofCandidate(World world, BiFunction<Instance, Bytes, Bytes> made) {
    Instance first = world.serving();
    SigningKey old = Forger.keyOf(first);
    Bytes opId = world.sealed(first, false);
    Instance candidate = world.instance();
    return new GoodMessage(world, made.apply(candidate, opId), Forger.keyOf(candidate), old);
  }

  static GoodMessage renew(World world) {
    Second second = Second.of(world);
    return new GoodMessage(
        world, world.renewal(second.active()), Forger.keyOf(second.active()), second.old());
  }
}
