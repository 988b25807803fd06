package dev.reseal.simulation;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.emulator.EnclaveDevice;
import dev.reseal.emulator.EnclaveDevice.Created;
import dev.reseal.instance.State;
import dev.reseal.lifecycle.Verb;
import dev.reseal.sealed.Core;
import dev.reseal.sealed.PlatformKeys;
import dev.reseal.sealed.SlotMaker;
import dev.reseal.sealed.StreamKeys;
import dev.reseal.supervisor.Containers;
import dev.reseal.wire.AuthorityMessage.Challenge;
import dev.reseal.wire.AuthorityMessage.Grant;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Claims;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.HpkeInfo;
import dev.reseal.wire.InstanceMessage.GrantRequest;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import dev.reseal.wire.X25519;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Optional;

/**
 * A candidate that the hostile host brings behind the supervisor's back: a real instance, or a
 * forger that has evidence and keys of its own but cannot open the state.
 */
final class Rival implements InstanceNode.Ears {
  private final World world;
  private Bytes grantRequest = Bytes.EMPTY;
  private Bytes ready = Bytes.EMPTY;

  Rival(World world) {
    this.world = world;
  }

  /** What was reached: a ready of a real second candidate, if the operation grants it. */
  Optional<Bytes> candidate(Bytes image) {
    Optional<Bytes> challenge = challenge();
    if (challenge.isEmpty()) {
      return Optional.empty();
    }
    if (!(world.machine.create(image) instanceof Created.Enclave(EnclaveDevice enclave))) {
      return Optional.empty();
    }
    InstanceNode node = world.start(enclave, this, AuthorityNode.LINEAGE);
    world.hide(node.handle());
    world.deliver(node.handle(), Verb.CHALLENGE, challenge.get());
    Optional<Bytes> grant = post("grant-request", grantRequest);
    grant.ifPresent(message -> world.deliver(node.handle(), Verb.GRANT, message));
    return ready.size() == 0 ? Optional.empty() : Optional.of(ready);
  }

  /** Commits it: the activation reaches it, and it serves if it believes the message. */
  void commit(Bytes message) {
    Bytes instanceId = Signed.peek(Ready.class, message).instanceId();
    Optional<Bytes> activation = post("ready", message);
    for (InstanceNode node : world.nodes()) {
      if (activation.isPresent() && node.inside().instanceId().equals(instanceId)) {
        world.deliver(node.handle(), Verb.ACTIVATION, activation.get());
      }
    }
  }

  /** A forged ready: granted on evidence, sent without having opened anything, if granted. */
  boolean forge() {
    Optional<Bytes> challenge = challenge();
    Optional<Status.StateHead> committed = world.authority.status().flatMap(Status::head);
    if (challenge.isEmpty() || committed.isEmpty()) {
      return false;
    }
    Status.StateHead current = committed.get();
    Randomness randomness = world.keys().bytes();
    SigningKey signature = SigningKey.generate(randomness);
    SigningKey tls = SigningKey.generate(randomness);
    Challenge asked = Signed.peek(Challenge.class, challenge.get());
    Head head = asked.head();
    try (X25519.Pair kem = X25519.Pair.generate(randomness)) {
      Claims claims =
          new Claims(
              head.lineage(),
              head.opId(),
              head.fence(),
              asked.nonce(),
              signature.verifyKey(),
              kem.publicKey(),
              tls.verifyKey());
      Bytes encoded = claims.encode();
      Bytes evidence = world.machine.evidence(Claims.reportData(encoded));
      Optional<Bytes> answer =
          post(
              "grant-request",
              Signed.sign(new GrantRequest(head, encoded, evidence, Optional.empty()), signature)
                  .cose());
      answer.ifPresent(grant ->
          post(
              "ready",
              Signed.sign(forged(Signed.peek(Grant.class, grant), current), signature).cose()));
      return answer.isPresent();
    }
  }

  private Ready forged(Grant grant, Status.StateHead state) {
    Randomness randomness = world.keys().bytes();
    try (Secret dek = randomness.secret(32)) {
      Core core = Core.decode(state.core());
      Core alike;
      try (StreamKeys keys = StreamKeys.derive(core.streamSalt(), dek)) {
        alike =
            new Core(
                core.lineage(),
                core.epoch(),
                core.opId(),
                core.fence(),
                core.instanceId(),
                core.logHead(),
                core.layout(),
                core.streamSalt(),
                core.policyDigest(),
                keys.pkOpen());
      }
      PlatformKeys nothing = _ -> new PlatformKeys.Answer.Key(Secret.own(new byte[16]));
      SlotMaker.Recipients recipients =
          new SlotMaker.Recipients(
              HpkeInfo.of(grant.head()),
              grant.instanceId(),
              grant.nextWrapKey(),
              Optional.empty(),
              Essentials.decode(grant.essentials()),
              world.machine.cpuSvn(),
              1);
      Bytes slots =
          new SlotMaker(nothing, randomness).make(recipients, alike, grant.coreDigest(), dek);
      return new Ready(
          grant.head(),
          grant.instanceId(),
          grant.bodyId().orElseThrow(),
          grant.coreDigest(),
          slots,
          Optional.empty(),
          Optional.of(randomness.bytes(32)));
    }
  }

  private Optional<Bytes> challenge() {
    Optional<Status> status = world.authority.status();
    if (status.isEmpty()) {
      return Optional.empty();
    }
    Bytes opId = status.get().operation().opId();
    return post("challenge", Cbor.array(Cbor.of(AuthorityNode.LINEAGE), Cbor.of(opId)).encode());
  }

  /** Directly, whatever the network is like for others. */
  private Optional<Bytes> post(String name, Bytes body) {
    Optional<Reply> reply = world.authority.call(name, body);
    world.trace.line(
        "rival " + name + " " + reply.map(r -> r.getClass().getSimpleName()).orElse("silent"));
    world.learn(name, reply);
    return reply.isPresent() && reply.get() instanceof Reply.Answer(Bytes answer)
        ? Optional.of(answer)
        : Optional.empty();
  }

  @Override
  public void stepped(InstanceNode from, State before, State after) {
    world.stepped(from, before, after);
  }

  @Override
  public void message(InstanceNode from, MessageType type, Bytes cose) {
    if (type == MessageType.GRANT_REQUEST) {
      grantRequest = cose;
    } else if (type == MessageType.READY) {
      ready = cose;
    }
  }

  @Override
  public void refused(InstanceNode from, Verb verb, String rule) {
    world.trace.line(from.handle() + " refused " + verb + " " + rule);
  }

  @Override
  public void container(InstanceNode from, Bytes content) throws IOException {
    Containers files = world.supervisor.shelf().containers();
    files.keep(files.receive(from.handle(), new ByteArrayInputStream(content.toArray())).bodyId());
  }

  @Override
  public void restoreFailed(InstanceNode from, String rule, String detail) {
    world.trace.line(from.handle() + " could not restore: " + rule);
  }

  @Override
  public void platformChecked(InstanceNode from, boolean same) {}
}
