package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.sealed.Core;
import dev.reseal.sealed.Slot;
import dev.reseal.sealed.SlotCheck;
import dev.reseal.wire.AuthorityMessage;
import dev.reseal.wire.AuthorityMessage.Activation;
import dev.reseal.wire.AuthorityMessage.Grant;
import dev.reseal.wire.Claims;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.Hpke;
import dev.reseal.wire.HpkeInfo;
import dev.reseal.wire.InstanceMessage.GrantRequest;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.Keyset;
import dev.reseal.wire.Kind;
import dev.reseal.wire.LogMessage.LogHead;
import dev.reseal.wire.Message;
import dev.reseal.wire.Mode;
import dev.reseal.wire.Passport;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Shares;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Target;
import dev.reseal.wire.X25519;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;

/** The authority's side of the wire in these tests: makes its messages, keeps no register. */
final class Side {
  static final Bytes LINEAGE = Bytes.hex("00112233445566778899aabbccddeeff");

  SigningKey authority = SigningKey.generate(Randomness.system());
  private Optional<SigningKey> former = Optional.empty();
  final Essentials policy =
      new Essentials(
          LINEAGE,
          Essentials.Env.DEMO,
          Essentials.Binding.ENCLAVE,
          Essentials.Recovery.NONE,
          Optional.of(2L),
          1L << 24,
          List.of("records"),
          Bytes.hex("ffffffffffffffff0000000000000000"),
          0xffff_ffffL);
  private final Secret z = Secret.random(32);

  /** One operation: its wrap key becomes that of its epoch. */
  record Operation(Bytes opId, long fence, long epoch, X25519.Pair wrap) {
    Head head() {
      return new Head(LINEAGE, opId, fence, epoch - 1);
    }
  }

  /** A registered state. */
  record Registered(Bytes core, Bytes bodyId, Bytes slots, X25519.Pair wrap) {}

  static Operation operation(int number) {
    return new Operation(
        Bytes.wrap(new byte[] {(byte) number, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}),
        10L * number,
        number,
        X25519.Pair.generate(Randomness.system()));
  }

  /** {@code K_A} is another one from now on; who is born from now on is not told of the old one. */
  void changeKey() {
    former = Optional.of(authority);
    authority = SigningKey.generate(Randomness.system());
  }

  SigningKey former() {
    return former.orElseThrow();
  }

  Bytes sign(Message message) {
    return Signed.sign(message, authority).cose();
  }

  Bytes logHead() {
    return sign(new LogHead(Head.LOG, 9, Bytes.zeros(32)));
  }

  AuthorityMessage.Challenge challenge(Operation operation) {
    return new AuthorityMessage.Challenge(operation.head(), Bytes.zeros(32), logHead());
  }

  /** The grant for whoever made {@code request}. */
  Grant grant(Operation operation, Signed<GrantRequest> request, Optional<Registered> state) {
    Claims claims = Claims.decode(request.message().claims());
    Bytes coreDigest = state.map(s -> s.core().sha256()).orElse(Bytes.zeros(32));
    Bytes slots = state.map(Registered::slots).orElse(Bytes.EMPTY);
    Bytes info =
        HpkeInfo.of(operation.head()).grant(claims.instanceId(), coreDigest, Digests.slots(slots));
    Shares shares = new Shares(state.map(s -> halves(s, coreDigest)).orElse(List.of()));
    return new Grant(
        operation.head(),
        claims.instanceId(),
        false,
        coreDigest,
        state.map(Registered::bodyId),
        slots,
        Hpke.seal(claims.kemKey(), info, shares.encode(), Randomness.system()),
        operation.wrap().publicKey(),
        operation.epoch(),
        logHead(),
        state.map(s -> opening(operation, claims, s)),
        policy.encode());
  }

  private static List<Optional<Secret>> halves(Registered state, Bytes coreDigest) {
    return Slot.decode(state.slots()).stream()
        .map(slot ->
            Optional.of(
                SlotCheck.openShare(
                    slot, LINEAGE, coreDigest, _ -> Optional.of(copy(state.wrap())))))
        .toList();
  }

  private static X25519.Pair copy(X25519.Pair pair) {
    return new X25519.Pair(pair.secret().copy(), pair.publicKey());
  }

  private Hpke.Box opening(Operation operation, Claims claims, Registered state) {
    Bytes pkOpen = Core.decode(state.core()).pkOpen();
    Bytes info =
        HpkeInfo.of(operation.head()).open(pkOpen, state.core().sha256(), claims.instanceId());
    return Hpke.seal(pkOpen, info, z, Randomness.system());
  }

  Bytes openingProof(Operation operation, Ready ready) {
    return dev.reseal.sealed.StreamKeys.openingProof(
        z, operation.opId(), operation.fence(), ready.instanceId(), Digests.slots(ready.slots()));
  }

  Keyset keyset(long gen) {
    LinkedHashMap<String, Secret> keys = new LinkedHashMap<>();
    keys.put("records", Secret.own(Bytes.ascii("generation " + gen).sha256().toArray()));
    Keyset.Generation active = new Keyset.Generation(gen, Keyset.State.ACTIVE, keys);
    if (gen == 1) {
      return new Keyset(List.of(active));
    }
    return new Keyset(
        List.of(new Keyset.Generation(gen - 1, Keyset.State.DEACTIVATED, keys), active));
  }

  Activation activation(Operation operation, Instance instance, Ready ready, long gen) {
    Bytes info =
        HpkeInfo.of(operation.head()).keyset(instance.instanceId(), operation.epoch(), gen);
    return new Activation(
        new Head(LINEAGE, operation.opId(), operation.fence(), operation.epoch()),
        instance.instanceId(),
        operation.epoch(),
        gen,
        Hpke.seal(kem(instance), info, keyset(gen).encode(), Randomness.system()),
        Digests.head(ready.bodyId(), Digests.slots(ready.slots())),
        sign(passport(operation, instance, 120_000)),
        logHead(),
        policy.encode());
  }

  static Bytes kem(Instance instance) {
    return instance.born().get(2);
  }

  Passport passport(Operation operation, Instance instance, long notAfter) {
    return new Passport(
        new Head(LINEAGE, operation.opId(), operation.fence(), operation.epoch()),
        instance.instanceId(),
        new dev.reseal.wire.VerifyKey(instance.born().get(1)),
        instance.born().get(3).sha256(),
        1,
        Bytes.zeros(32),
        Bytes.zeros(32),
        2,
        0,
        notAfter,
        16,
        logHead(),
        Optional.empty());
  }

  /** A ticket of the operation that follows {@code current}. */
  AuthorityMessage.Ticket ticket(Operation current, Operation next, Instance instance) {
    return new AuthorityMessage.Ticket(
        new Head(LINEAGE, next.opId(), next.fence(), current.epoch()),
        instance.instanceId(),
        Kind.RESEAL,
        Mode.SEQUENTIAL,
        List.of(new Target(Bytes.zeros(32), 1, 1, 2, Optional.empty())),
        Optional.empty(),
        900_000,
        Bytes.zeros(32));
  }

  AuthorityMessage.RekeyGrant rekey(Operation current, long fence, Instance instance, long gen) {
    Head head = new Head(LINEAGE, Bytes.ascii("rekey operation "), fence, current.epoch());
    Bytes info = HpkeInfo.of(head).rekey(instance.instanceId(), current.epoch(), gen);
    return new AuthorityMessage.RekeyGrant(
        head,
        instance.instanceId(),
        gen,
        Hpke.seal(kem(instance), info, keyset(gen).encode(), Randomness.system()));
  }
}
