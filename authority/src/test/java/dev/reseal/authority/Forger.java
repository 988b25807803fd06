package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.MachineDevice;
import dev.reseal.instance.Instance;
import dev.reseal.wire.AuthorityMessage.Challenge;
import dev.reseal.wire.Claims;
import dev.reseal.wire.InstanceMessage.GrantRequest;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.X25519;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Objects;
import java.util.Optional;

/** An admitted image on an admitted platform that does not do what an instance does. */
final class Forger {
  private final World world;
  private final SigningKey key = SigningKey.generate(Randomness.system());
  private final SigningKey tls = SigningKey.generate(Randomness.system());
  private final X25519.Pair kem = X25519.Pair.generate(Randomness.system());
  private final Challenge challenge;
  private final Bytes claims;

  Forger(World world, Bytes opId) {
    this.world = world;
    this.challenge = Signed.peek(Challenge.class, world.challenge(opId));
    this.claims = claims(key);
  }

  private Bytes claims(SigningKey signature) {
    return new Claims(
            World.LINEAGE,
            challenge.head().opId(),
            challenge.head().fence(),
            challenge.nonce(),
            signature.verifyKey(),
            kem.publicKey(),
            tls.verifyKey())
        .encode();
  }

  private Bytes quote(Bytes about) {
    return new MachineDevice(world.machine, world.identity()).quoted(Claims.reportData(about));
  }

  Bytes grantRequest() {
    return Signed.sign(
            new GrantRequest(challenge.head(), claims, quote(claims), Optional.empty()), key)
        .cose();
  }

  /** A quote made for one key, presented with the claims of another. */
  Bytes withOtherClaims() {
    SigningKey other = SigningKey.generate(Randomness.system());
    return Signed.sign(
            new GrantRequest(challenge.head(), claims(other), quote(claims), Optional.empty()),
            other)
        .cose();
  }

  /** What an honest candidate said, under our own name: the state was never opened. */
  Bytes ready(Ready honest) {
    return Signed.sign(
            new Ready(
                challenge.head(),
                Claims.decode(claims).instanceId(),
                honest.bodyId(),
                honest.coreDigest(),
                honest.slots(),
                Optional.empty(),
                honest.openingProof()),
            key)
        .cose();
  }

  /** The key that signs an instance's messages: what a broken instance could sign with. */
  static SigningKey keyOf(Instance instance) {
    try {
      Field body = Instance.class.getDeclaredField("body");
      body.setAccessible(true);
      Object heart = Objects.requireNonNull(body.get(instance));
      Field identity = heart.getClass().getDeclaredField("identity");
      identity.setAccessible(true);
      Object keys = Objects.requireNonNull(identity.get(heart));
      Method signature = keys.getClass().getDeclaredMethod("signature");
      signature.setAccessible(true);
      return (SigningKey) Objects.requireNonNull(signature.invoke(keys));
    } catch (ReflectiveOperationException changed) {
      throw new LinkageError("the instance keeps its key elsewhere now", changed);
    }
  }
}
