package dev.reseal.authority;

import dev.reseal.authority.Decision.Accepted;
import dev.reseal.authority.Decision.Keep;
import dev.reseal.authority.Row.Incumbent;
import dev.reseal.authority.Row.State;
import dev.reseal.authority.Row.StateHead;
import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.sealed.Core;
import dev.reseal.sealed.Footer;
import dev.reseal.sealed.SlotCheck;
import dev.reseal.wire.AuthorityMessage.CheckpointAck;
import dev.reseal.wire.Code;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.InstanceMessage.Checkpoint;
import dev.reseal.wire.InstanceMessage.SealReceipt;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.Signed;
import java.util.List;
import java.util.Optional;

/** What becomes the head: receipts and checkpoints under SealOK (protocol 7). */
final class Seals {
  /** How far a head may be above the last (protocol 5.5). */
  private static final long SEQ_STEP = 1L << 20;

  private final Row row;
  private final Incumbent incumbent;
  private final Desk desk;

  Seals(Row row, Incumbent incumbent, Desk desk) {
    this.row = row;
    this.incumbent = incumbent;
    this.desk = desk;
  }

  Accepted register(Operation operation, Signed<SealReceipt> receipt) {
    SealReceipt message = receipt.message();
    Denied.unless(
        message.head().opId().equals(operation.opId())
            && message.head().fence() == operation.fence()
            && message.head().epoch() == row.epoch()
            && operation.ticketDigest().equals(Optional.of(message.ticketDigest())),
        Code.FENCED,
        "OTHER_OPERATION",
        "the receipt was signed for another operation or ticket");
    StateHead head = new StateHead(message.core(), message.slots(), message.footer());
    sealOk(head, operation.opId(), operation.fence());
    Row next = row.with(new State.Sealed(Optional.of(incumbent), operation)).withHead(head);
    return Accepted.of(next, event("register-seal", next, message.head().opId(), receipt, head))
        .keeping(
            new Keep(
                operation.opId(), "exhibit-receipt", Bytes.zeros(32), receipt.cose(), List.of()));
  }

  Accepted checkpoint(Signed<Checkpoint> signed) {
    Checkpoint message = signed.message();
    Denied.unless(
        message.head().epoch() == row.epoch() && message.head().fence() == incumbent.fence(),
        Code.FENCED,
        "FENCED",
        "a checkpoint of epoch " + message.head().epoch() + ", fence " + message.head().fence());
    StateHead head = new StateHead(message.core(), message.slots(), message.footer());
    sealOk(head, Core.CHECKPOINT, incumbent.fence());
    Row next = row.with(row.state()).withHead(head);
    Head about = new Head(row.lineage(), message.head().opId(), row.fence(), row.epoch());
    CheckpointAck ack = new CheckpointAck(about, head.bodyId(), message.nonce(), desk.logHead());
    return Accepted.of(next, event("checkpoint", next, about.opId(), signed, head))
        .answering(desk.sign(ack));
  }

  private LogEvent event(String name, Row next, Bytes opId, Signed<?> cause, StateHead head) {
    return new LogEvent(
        name,
        new Head(row.lineage(), opId, next.fence(), next.epoch()),
        next.gen(),
        next.stateName(),
        cause.digest(),
        Optional.of(head.bodyId()),
        Optional.of(incumbent.identity().instanceId()),
        List.of(),
        List.of());
  }

  private void sealOk(StateHead head, Bytes opId, long fence) {
    Core core = head.decodedCore();
    Denied.unless(
        core.lineage().equals(row.lineage()),
        Code.LINEAGE_MISMATCH,
        "LINEAGE",
        "the core names lineage " + core.lineage());
    Denied.unless(
        core.epoch() == row.epoch()
            && core.instanceId().equals(incumbent.identity().instanceId())
            && core.opId().equals(opId)
            && core.fence() == fence,
        Code.FENCED,
        "CORE",
        "the core was begun by another instance, in another epoch or for another operation");
    Essentials essentials = row.epochEssentials(incumbent);
    Denied.unless(
        core.policyDigest().equals(Essentials.digest(incumbent.essentials())),
        Code.POLICY_REFUSED,
        "POLICY_DIGEST",
        "the core names policy " + core.policyDigest());
    Footer footer = head.decodedFooter();
    order(footer);
    size(footer, essentials);
    slotsOk(
        row,
        desk,
        head.slots(),
        head.core().sha256(),
        incumbent.identity().instanceId(),
        essentials,
        incumbent.wrapId());
  }

  private void order(Footer footer) {
    Footer last = row.head().orElseThrow().decodedFooter();
    Core lastCore = row.head().orElseThrow().decodedCore();
    long before = lastCore.epoch() == row.epoch() ? last.seq() : 0;
    Denied.unless(
        footer.seq() > before && footer.seq() - before <= SEQ_STEP,
        Code.STALE_SEALED_STATE,
        "SEQ",
        "seq " + footer.seq() + " after " + before);
    Denied.unless(
        last.genFloor() <= footer.genFloor()
            && footer.genFloor() <= footer.gen()
            && footer.gen() <= row.gen(),
        Code.POLICY_REFUSED,
        "FLOOR",
        "floor "
            + footer.genFloor()
            + " and generation "
            + footer.gen()
            + " after floor "
            + last.genFloor()
            + " at generation "
            + row.gen());
  }

  static void size(Footer footer, Essentials essentials) {
    long total = 0;
    for (Footer.Round round : footer.rounds()) {
      total = Math.addExact(total, Math.min(round.plaintextBytes(), 1L << 50));
    }
    Denied.unless(
        total <= essentials.stateMax(),
        Code.POLICY_REFUSED,
        "STATE_MAX",
        "a state of " + total + " bytes, policy allows " + essentials.stateMax());
  }

  /** SlotsOK under the key {@code wrapId}. */
  static void slotsOk(
      Row row,
      Desk desk,
      Bytes slots,
      Bytes coreDigest,
      Bytes wrapper,
      Essentials essentials,
      Bytes wrapId) {
    SlotCheck.Verdict verdict =
        SlotCheck.slotsOk(
            slots,
            row.lineage(),
            coreDigest,
            wrapper,
            essentials,
            wrapId,
            Optional.empty(),
            id -> desk.wrapKey(row, id));
    switch (verdict) {
      case SlotCheck.Verdict.Ok(List<Secret> shares) -> shares.forEach(Secret::close);
      case SlotCheck.Verdict.Refused(var why) -> throw Denied.of(why);
    }
  }
}
