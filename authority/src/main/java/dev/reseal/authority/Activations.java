package dev.reseal.authority;

import dev.reseal.authority.Decision.Accepted;
import dev.reseal.authority.Decision.Keep;
import dev.reseal.authority.EvidenceJudge.Verdict.Genuine;
import dev.reseal.authority.Operation.Granted;
import dev.reseal.authority.Row.Incumbent;
import dev.reseal.authority.Row.State;
import dev.reseal.authority.Row.StateHead;
import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.sealed.Core;
import dev.reseal.sealed.Footer;
import dev.reseal.wire.AuthorityMessage.Activation;
import dev.reseal.wire.Code;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.Hpke;
import dev.reseal.wire.HpkeInfo;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.Keyset;
import dev.reseal.wire.Kind;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.Passport;
import dev.reseal.wire.Signed;
import java.util.List;
import java.util.Optional;

/** Activate: the commit, once a candidate shows that it opened the state (protocol 7). */
final class Activations {
  private static final Bytes ZERO32 = Bytes.zeros(32);

  private final Row row;
  private final Desk desk;

  Activations(Row row, Desk desk) {
    this.row = row;
    this.desk = desk;
  }

  Accepted activate(
      Optional<Incumbent> incumbent,
      Operation operation,
      Ready peeked,
      Bytes message,
      Optional<EvidenceJudge.Verdict> verdict) {
    Denied.unless(
        peeked.head().equals(row.about(operation)),
        Code.FENCED,
        "OTHER_OPERATION",
        "the ready is for another operation");
    Granted granted =
        operation
            .grantOf(peeked.instanceId())
            .orElseThrow(() ->
                Denied.of(
                    Code.WRONG_STATE,
                    "NOT_GRANTED",
                    "this instance was not granted in this operation"));
    Identity known = granted.identity();
    Ready ready = Signed.verify(Ready.class, message, known.signatureKey()).message();
    Denied.unless(
        !granted.expired(desk.now().wallMs()),
        Code.WRONG_STATE,
        "GRANT_EXPIRED",
        "the grant is older than an hour: answer a fresh challenge");
    Genuine now = Evidence.acceptableNow(row, operation, known, verdict);
    Identity identity = known.relaxed(now.relaxed());
    StateHead head =
        row.head()
            .map(state -> rewrapped(operation, granted, state, ready))
            .orElseGet(() -> firstState(operation, identity, ready));
    return commit(operation, identity, head, message)
        .keeping(
            new Keep(operation.opId(), "exhibit-collateral", ZERO32, now.collateral(), List.of()));
  }

  /** The same body with the candidate's slots, and proof that it opened the state. */
  private StateHead rewrapped(Operation operation, Granted granted, StateHead state, Ready ready) {
    Bytes instanceId = granted.identity().instanceId();
    Denied.unless(ready.genesis().isEmpty(), Code.CORRUPT, "FIELD", "a ready with a first body");
    Denied.unless(
        ready.bodyId().equals(state.bodyId()) && ready.coreDigest().equals(state.core().sha256()),
        Code.STALE_SEALED_STATE,
        "BODY_ID",
        "the candidate opened " + ready.bodyId() + ", registered is " + state.bodyId());
    Bytes proof =
        Digests.of(
            "reseal/v1/opened",
            granted.z(),
            operation.opId(),
            Bytes.u64(operation.fence()),
            instanceId,
            Digests.slots(ready.slots()));
    Denied.unless(
        ready.openingProof().equals(Optional.of(proof)),
        Code.BINDING_MISMATCH,
        "OPENING_PROOF",
        "the candidate does not prove that it opened the state");
    Essentials essentials = Essentials.decode(operation.essentials());
    Seals.slotsOk(
        row,
        desk,
        ready.slots(),
        state.core().sha256(),
        instanceId,
        essentials,
        operation.nextWrapId());
    return new StateHead(state.core(), ready.slots(), state.footer());
  }

  private StateHead firstState(Operation operation, Identity identity, Ready ready) {
    Ready.GenesisBody body =
        ready
            .genesis()
            .orElseThrow(() -> Denied.of(Code.CORRUPT, "FIELD", "genesis without its first body"));
    StateHead head = new StateHead(body.core(), ready.slots(), body.footer());
    Core core = head.decodedCore();
    Footer footer = head.decodedFooter();
    Denied.unless(
        core.lineage().equals(row.lineage()), Code.LINEAGE_MISMATCH, "LINEAGE", "another lineage");
    Denied.unless(
        core.epoch() == 1
            && core.opId().equals(operation.opId())
            && core.fence() == operation.fence()
            && core.instanceId().equals(identity.instanceId()),
        Code.FENCED,
        "CORE",
        "the first core was begun by another instance or for another operation");
    Denied.unless(
        core.policyDigest().equals(Essentials.digest(operation.essentials())),
        Code.POLICY_REFUSED,
        "POLICY_DIGEST",
        "the core names policy " + core.policyDigest());
    Denied.unless(
        footer.gen() == 1 && footer.genFloor() == 1 && footer.seq() >= 1,
        Code.POLICY_REFUSED,
        "FLOOR",
        "generation and floor of the first container must be 1");
    Denied.unless(
        ready.bodyId().equals(head.bodyId()) && ready.coreDigest().equals(head.core().sha256()),
        Code.STALE_SEALED_STATE,
        "BODY_ID",
        "the ready names another body than it carries");
    Essentials essentials = Essentials.decode(operation.essentials());
    Seals.size(footer, essentials);
    Seals.slotsOk(
        row,
        desk,
        ready.slots(),
        head.core().sha256(),
        identity.instanceId(),
        essentials,
        operation.nextWrapId());
    return head;
  }

  private Accepted commit(Operation operation, Identity identity, StateHead head, Bytes message) {
    long flags = operation.kind() == Kind.TAKEOVER ? Passport.FLAG_TAKEOVER : 0;
    Incumbent successor =
        new Incumbent(
            identity,
            operation.opId(),
            operation.fence(),
            operation.nextWrapId(),
            operation.essentials(),
            flags);
    Row committed =
        row.with(new State.Active(successor))
            .withCounters(row.epoch() + 1, row.fence(), operation.nextGen())
            .withHead(head);
    Row active = new Passports(desk).first(committed, successor);
    long floor = head.decodedFooter().genFloor();
    Bytes activation = desk.sign(activation(operation, identity, active, head, floor));
    LogEvent event =
        Grants.event(
            "activate",
            active,
            operation.opId(),
            message.sha256(),
            Optional.of(head.bodyId()),
            identity);
    List<String> carries = NewKeys.names(active, floor);
    return Accepted.of(active, event)
        .answering(activation)
        .carrying(carries)
        .keeping(new Keep(operation.opId(), "activation", ZERO32, activation, carries))
        .keeping(
            new Keep(
                operation.opId(), "exhibit-essentials", ZERO32, operation.essentials(), List.of()))
        .keeping(
            new Keep(
                operation.opId(),
                "exhibit-passport",
                ZERO32,
                active.lease().passport().orElseThrow(),
                List.of()));
  }

  private Activation activation(
      Operation operation, Identity identity, Row active, StateHead head, long floor) {
    Head about = new Head(row.lineage(), operation.opId(), operation.fence(), active.epoch());
    Bytes info = HpkeInfo.of(about).keyset(identity.instanceId(), active.epoch(), active.gen());
    try (Keyset keyset = NewKeys.keyset(active, floor, desk::require);
        Secret plaintext = keyset.encode()) {
      return new Activation(
          about,
          identity.instanceId(),
          active.epoch(),
          active.gen(),
          Hpke.seal(identity.kemKey(), info, plaintext, desk.randomness()),
          head.digest(),
          active.lease().passport().orElseThrow(),
          desk.logHead(),
          operation.essentials());
    }
  }
}
