package dev.reseal.authority;

import dev.reseal.authority.Decision.Accepted;
import dev.reseal.authority.Operation.Granted;
import dev.reseal.authority.Row.State;
import dev.reseal.authority.Row.StateHead;
import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.sealed.Core;
import dev.reseal.sealed.Slot;
import dev.reseal.sealed.SlotCheck;
import dev.reseal.wire.AuthorityMessage.Grant;
import dev.reseal.wire.Code;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.Hpke;
import dev.reseal.wire.HpkeInfo;
import dev.reseal.wire.InstanceMessage.GrantRequest;
import dev.reseal.wire.Limits;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.Shares;
import java.util.ArrayList;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Optional;

/** Grant: halves for a candidate whose evidence is acceptable (protocol 7). */
final class Grants {
  private static final Bytes ZERO32 = Bytes.zeros(32);

  private final Row row;
  private final Desk desk;

  Grants(Row row, Desk desk) {
    this.row = row;
    this.desk = desk;
  }

  Accepted grant(
      Operation operation,
      GrantRequest request,
      Bytes message,
      EvidenceJudge.Verdict verdict,
      boolean fresh) {
    Denied.unless(
        request.head().equals(row.about(operation)),
        Code.FENCED,
        "OTHER_OPERATION",
        "the grant-request is for another operation");
    Evidence evidence = Evidence.check(row, operation, request, message, verdict, fresh);
    Identity identity = evidence.identity();
    Optional<Granted> before = operation.grantOf(identity.instanceId());
    if (before.isEmpty()) {
      limit(operation);
    }
    // The z of a grant stays the same for the same candidate: its ready must fit either copy.
    Bytes z =
        before
            .map(Granted::z)
            .orElseGet(() -> row.head().isPresent() ? desk.randomness().bytes(32) : ZERO32);
    Operation next = operation.withGrant(new Granted(identity, z, desk.now().wallMs()));
    Row granted = row.with(new State.Sealed(row.incumbent(), next));
    Grant grant =
        row.head()
            .map(head -> stateGrant(operation, identity, head, z))
            .orElseGet(() -> genesisGrant(operation, identity));
    List<String> carries =
        row.head()
            .map(head ->
                Slot.decode(head.slots()).stream()
                    .flatMap(slot -> row.keys().wrap(slot.header().wrapId()).stream())
                    .map(wrap -> KeyNames.wrap(row.lineage(), wrap))
                    .toList())
            .orElse(List.of());
    LogEvent event =
        event("grant", granted, operation.opId(), message.sha256(), Optional.empty(), identity);
    return Accepted.of(granted, event)
        .answering(desk.sign(grant))
        .carrying(carries)
        .keeping(evidence.exhibit(row, request));
  }

  private void limit(Operation operation) {
    Policy.Dials dials = row.policy().dials();
    if (operation.grants().size() < Math.min(dials.maxGrants(), Limits.LIST)) {
      return;
    }
    LongSummaryStatistics times =
        operation.grants().stream().mapToLong(Granted::atMs).summaryStatistics();
    long interval = times.getMax() + dials.grantIntervalS() * 1_000;
    boolean full = operation.grants().size() >= Limits.LIST;
    long free = full ? Math.max(interval, times.getMin() + Granted.LIFE_MS + 1) : interval;
    long wait = free - desk.now().wallMs();
    if (wait > 0) {
      throw Denied.of(
              Code.SLOW_DOWN, operation.grants().size() + " candidates were granted already")
          .number(wait);
    }
  }

  private Grant genesisGrant(Operation operation, Identity identity) {
    Head head = row.about(operation);
    Bytes info = HpkeInfo.of(head).grant(identity.instanceId(), ZERO32, ZERO32);
    return grant(
        operation,
        identity,
        ZERO32,
        Optional.empty(),
        Bytes.EMPTY,
        seal(List.of(), identity, info),
        Optional.empty());
  }

  private Grant stateGrant(Operation operation, Identity identity, StateHead state, Bytes z) {
    Bytes coreDigest = state.core().sha256();
    Core core = state.decodedCore();
    List<Optional<Secret>> halves = new ArrayList<>();
    Essentials essentials = Essentials.decode(operation.essentials());
    for (Slot slot : Slot.decode(state.slots())) {
      boolean release =
          slot.header().type() == Slot.AUTHORITY_AND_PLATFORM
              || essentials.recovery() == Essentials.Recovery.AUTHORITY;
      halves.add(release ? Optional.of(share(slot, coreDigest)) : Optional.empty());
    }
    HpkeInfo purpose = HpkeInfo.of(row.about(operation));
    Bytes info = purpose.grant(identity.instanceId(), coreDigest, Digests.slots(state.slots()));
    Hpke.Box opening;
    try (Secret secret = Secret.own(z.toArray())) {
      opening =
          Hpke.seal(
              core.pkOpen(),
              purpose.open(core.pkOpen(), coreDigest, identity.instanceId()),
              secret,
              desk.randomness());
    }
    return grant(
        operation,
        identity,
        coreDigest,
        Optional.of(state.bodyId()),
        state.slots(),
        seal(halves, identity, info),
        Optional.of(opening));
  }

  private Secret share(Slot slot, Bytes coreDigest) {
    return SlotCheck.openShare(slot, row.lineage(), coreDigest, id -> desk.wrapKey(row, id));
  }

  private Hpke.Box seal(List<Optional<Secret>> halves, Identity identity, Bytes info) {
    try (Shares shares = new Shares(halves);
        Secret plaintext = shares.encode()) {
      return Hpke.seal(identity.kemKey(), info, plaintext, desk.randomness());
    }
  }

  private Grant grant(
      Operation operation,
      Identity identity,
      Bytes coreDigest,
      Optional<Bytes> bodyId,
      Bytes slots,
      Hpke.Box shares,
      Optional<Hpke.Box> opening) {
    return new Grant(
        row.about(operation),
        identity.instanceId(),
        false,
        coreDigest,
        bodyId,
        slots,
        shares,
        publicWrapKey(operation),
        row.epoch() + 1,
        desk.logHead(),
        opening,
        operation.essentials());
  }

  private Bytes publicWrapKey(Operation operation) {
    try (var pair =
        desk.wrapKey(row, operation.nextWrapId())
            .orElseThrow(() -> missing(operation.nextWrapId()))) {
      return pair.publicKey();
    }
  }

  private Denied missing(Bytes wrapId) {
    return Denied.of(Code.KEY_DESTROYED, "KEY_MISSING", "the key store lacks wrap key " + wrapId);
  }

  /** The log entry of an event that is about a candidate. */
  static LogEvent event(
      String name, Row next, Bytes opId, Bytes cause, Optional<Bytes> body, Identity identity) {
    return new LogEvent(
        name,
        new Head(next.lineage(), opId, next.fence(), next.epoch()),
        next.gen(),
        next.stateName(),
        cause,
        body,
        Optional.of(identity.instanceId()),
        List.of(),
        List.of());
  }
}
