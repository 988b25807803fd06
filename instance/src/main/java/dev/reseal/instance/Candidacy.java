package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.sealed.ContainerSource;
import dev.reseal.sealed.ContainerWriter;
import dev.reseal.sealed.Opening;
import dev.reseal.sealed.Slot;
import dev.reseal.sealed.SlotMaker;
import dev.reseal.sealed.SlotOpener;
import dev.reseal.sealed.StreamKeys;
import dev.reseal.wire.AuthorityMessage.Challenge;
import dev.reseal.wire.AuthorityMessage.Grant;
import dev.reseal.wire.Claims;
import dev.reseal.wire.Code;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.Hpke;
import dev.reseal.wire.HpkeInfo;
import dev.reseal.wire.InstanceMessage.GrantRequest;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.Shares;
import dev.reseal.wire.Signed;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/** From BORN to STANDBY: evidence, grant, restoring, ready. */
final class Candidacy {
  private Candidacy() {}

  static void challenge(Body body, Bytes payload, List<Output> out) {
    Signed<Challenge> signed = body.ears.hear(Challenge.class, payload);
    Head head = signed.message().head();
    body.allow(Input.CHALLENGE);
    Optional<Head> operation =
        switch (body.phase()) {
          case Phase.Restoring(Phase.Held held) -> Optional.of(held.head());
          case Phase.Standby(Phase.Held held, _, _) -> Optional.of(held.head());
          case Phase.Born _,
              Phase.Installing _,
              Phase.Serving _,
              Phase.Quiescing _,
              Phase.Locked _,
              Phase.Dead _ ->
              Optional.empty();
        };
    if (operation.isPresent() && !operation.get().equals(head)) {
      throw new RefusedException(
          Code.BINDING_MISMATCH, "a challenge of another operation than the grant's");
    }
    var logHead = body.ears.logHead(signed.message().logHead());
    Bytes claims = body.identity.claims(head, signed.message().nonce()).encode();
    Bytes quote = body.inside.quote(Claims.reportData(claims));
    body.ears.learn(logHead);
    if (body.phase() instanceof Phase.Born) {
      body.move(Input.CHALLENGE, new Phase.Born(Optional.of(head)), out);
    } else {
      body.stay(Input.CHALLENGE, out);
    }
    body.send(new GrantRequest(head, claims, quote, Optional.empty()), out);
  }

  /**
   * The payload is the encoded slots of the registered state. One that serves is asked before it is
   * replaced: whether its platform quotes is then of interest too, and the quote is of nothing.
   */
  static void platCheck(Body body, Bytes payload, List<Output> out) {
    body.allow(Input.PLAT_CHECK);
    if (body.phase() instanceof Phase.Serving) {
      body.inside.quote(Bytes.zeros(64));
    }
    SlotOpener opener = new SlotOpener(body.inside);
    out.add(new Output.PlatChecked(Slot.decode(payload).stream().map(opener::platCheck).toList()));
    body.stay(Input.PLAT_CHECK, out);
  }

  static void grant(Body body, Bytes payload, List<Output> out) {
    Grant grant = body.ears.hear(Grant.class, payload).message();
    body.allow(grant.genesis() ? Input.GRANT_GENESIS : Input.GRANT);
    if (!(body.phase() instanceof Phase.Born(Optional<Head> challenge))
        || challenge.isEmpty()
        || !body.ears.names(grant.instanceId())
        || !grant.head().equals(challenge.get())) {
      throw body.refusal(Input.GRANT_OTHER);
    }
    if (grant.early()) {
      throw new RefusedException(Code.WRONG_STATE, "this SDK takes no early grant");
    }
    if (grant.bodyId().isEmpty() != grant.genesis()
        || grant.opening().isEmpty() != grant.genesis()) {
      throw new RefusedException(Code.BINDING_MISMATCH, "neither a state nor genesis");
    }
    Essentials policy = body.ears.policy(grant.essentials());
    var logHead = body.ears.logHead(grant.logHead());
    Phase.Held held = new Phase.Held(grant, policy);
    body.ears.learn(logHead);
    if (grant.genesis()) {
      body.move(Input.GRANT_GENESIS, new Phase.Standby(held, Optional.empty(), 1), out);
      out.add(new Output.BeginLineage());
    } else {
      body.move(Input.GRANT, new Phase.Restoring(held), out);
      out.add(new Output.Fetch(grant.bodyId().orElseThrow()));
    }
  }

  static void restore(Body body, ContainerSource source, List<Output> out) throws IOException {
    body.allow(Input.RESTORED);
    if (!(body.phase() instanceof Phase.Restoring(Phase.Held held))) {
      throw new IllegalStateException("RESTORING without a grant");
    }
    try (Shares shares = shares(body, held.grant());
        Opening.Opened opened = open(body, held, shares, source)) {
      Stores stores = Stores.of(opened.staging());
      understood(body, stores);
      body.application.restore(stores);
      Signed<Ready> ready = body.sign(ready(body, held, opened));
      body.stores(stores);
      long genFloor = opened.envelope().footer().genFloor();
      body.move(Input.RESTORED, new Phase.Standby(held, Optional.of(ready), genFloor), out);
      body.send(ready, out);
    } catch (Application.HookException failed) {
      body.die(Input.RESTORE_FAILED, out);
      throw new RefusedException(Code.CORRUPT, "restore: " + failed.getMessage());
    } catch (IOException | RuntimeException | Error failed) {
      body.die(Input.RESTORE_FAILED, out);
      throw failed;
    }
  }

  private static Shares shares(Body body, Grant grant) {
    Bytes info =
        HpkeInfo.of(grant.head())
            .grant(body.identity.instanceId(), grant.coreDigest(), Digests.slots(grant.slots()));
    try (Secret plaintext = Hpke.open(body.identity.kem(), info, grant.shares())) {
      return Shares.decode(plaintext);
    }
  }

  private static Opening.Opened open(
      Body body, Phase.Held held, Shares shares, ContainerSource source) throws IOException {
    Grant grant = held.grant();
    Opening.Granted granted =
        new Opening.Granted(
            grant.head().lineage(),
            grant.coreDigest(),
            grant.bodyId().orElseThrow(),
            grant.slots(),
            held.policy(),
            shares.halves());
    return Opening.open(source, granted, body.inside, body.workers);
  }

  /** Restoring a store whose schema the image does not name fails the candidate (5.4). */
  private static void understood(Body body, Stores stores) {
    for (String store : stores.names()) {
      Optional<Long> version = stores.schemaVersion(store);
      if (!version.map(v -> body.application.understands(store, v)).orElse(false)) {
        throw new RefusedException(
            Code.CORRUPT,
            "store " + store + " has a schema that this image does not name: " + version);
      }
    }
  }

  private static Ready ready(Body body, Phase.Held held, Opening.Opened opened) {
    Grant grant = held.grant();
    HpkeInfo operation = HpkeInfo.of(grant.head());
    Bytes me = body.identity.instanceId();
    Bytes coreDigest = opened.envelope().coreDigest();
    Bytes slots =
        new SlotMaker(body.inside, body.randomness)
            .make(
                body.inside.recipients(
                    operation, me, held.wrapKey(), Optional.empty(), held.policy()),
                opened.envelope().core(),
                coreDigest,
                opened.dek());
    Bytes info = operation.open(opened.keys().pkOpen(), coreDigest, me);
    try (Secret z = Hpke.open(opened.keys().opening(), info, grant.opening().orElseThrow())) {
      Head head = grant.head();
      Bytes proof = StreamKeys.openingProof(z, head.opId(), head.fence(), me, Digests.slots(slots));
      return new Ready(
          head,
          me,
          opened.envelope().bodyId(),
          coreDigest,
          slots,
          Optional.empty(),
          Optional.of(proof));
    }
  }

  static void firstContainer(Body body, OutputStream target, List<Output> out) throws IOException {
    body.allow(Input.READY);
    if (!(body.phase() instanceof Phase.Standby(var held, var ready, long floor))
        || !held.grant().genesis()
        || ready.isPresent()) {
      throw new RefusedException(Code.WRONG_STATE, "the first container exists, or is not ours");
    }
    Head head = held.head();
    Body.Target to =
        new Body.Target(
            1, head.opId(), head.fence(), held.wrapKey(), Optional.empty(), held.policy());
    ContainerWriter.Body first = body.write(to, new Body.Ending(1, 1, 1), target);
    Signed<Ready> signed =
        body.sign(
            new Ready(
                head,
                body.identity.instanceId(),
                first.bodyId(),
                first.core().sha256(),
                first.slots(),
                Optional.of(new Ready.GenesisBody(first.core(), first.footer())),
                Optional.empty()));
    body.move(Input.READY, new Phase.Standby(held, Optional.of(signed), floor), out);
    body.send(signed, out);
  }

  static void repeatReady(Body body, List<Output> out) {
    body.allow(Input.READY);
    if (!(body.phase() instanceof Phase.Standby(_, Optional<Signed<Ready>> ready, _))
        || ready.isEmpty()) {
      throw new RefusedException(Code.WRONG_STATE, "the first container is not written yet");
    }
    body.send(ready.get(), out);
    body.stay(Input.READY, out);
  }
}
