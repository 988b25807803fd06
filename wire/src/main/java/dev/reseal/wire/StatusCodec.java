package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Status.Active;
import dev.reseal.wire.Status.Allowed;
import dev.reseal.wire.Status.Operation;
import dev.reseal.wire.Status.Policy;
import dev.reseal.wire.Status.Retirable;
import dev.reseal.wire.Status.StateHead;
import java.util.Optional;

/** The flat map of {@link Status}: null or 0 stands for the fields of an absent group. */
final class StatusCodec {
  private StatusCodec() {}

  static Cbor.Map write(Status status) {
    Operation op = status.operation();
    Policy policy = status.policy();
    Cbor.Map map =
        Cbor.map()
            .with(1, status.lineage())
            .with(2, status.state())
            .with(3, op.epoch())
            .with(4, op.fence())
            .with(5, op.gen())
            .with(6, op.kind())
            .with(7, op.opId())
            .with(12, status.leaseUntil())
            .with(14, status.logHead())
            .with(15, Cbor.numberOrNull(op.nextGen()))
            .with(16, policy.digest())
            .with(17, policy.essentials())
            .with(18, Cbor.numberOrNull(policy.rpoUpdates()))
            .with(19, status.waitMillis())
            .with(22, status.name())
            .with(23, Cbor.array(policy.lowered(), Cbor::of))
            .with(25, Cbor.array(status.retirable().wrapIds(), Cbor::of))
            .with(26, Cbor.array(status.retirable().gens(), Cbor::of))
            .with(31, Cbor.array(policy.allowed(), StatusCodec::write))
            .with(32, policy.file());
    return head(active(map, status.active()), status.head());
  }

  private static Cbor.Map active(Cbor.Map map, Optional<Active> active) {
    return map.with(8, active.map(Active::instanceId))
        .with(9, active.map(Active::mrenclave))
        .with(13, active.map(Active::passport))
        .with(27, active.flatMap(Active::platformId))
        .with(28, active.map(Active::isvProdId).orElse(0L))
        .with(29, active.map(Active::isvSvn).orElse(0L))
        .with(30, active.map(Active::platformKind).orElse(0L));
  }

  private static Cbor.Map head(Cbor.Map map, Optional<StateHead> head) {
    return map.with(10, head.map(StateHead::bodyId))
        .with(11, head.map(StateHead::slots))
        .with(20, head.map(StateHead::core))
        .with(21, head.map(StateHead::genFloor).orElse(0L))
        .with(24, head.map(StateHead::sealedByActive).orElse(false));
  }

  private static Cbor write(Allowed allowed) {
    return Cbor.array(
        Cbor.of(allowed.mrenclave()), Cbor.of(allowed.isvProdId()), Cbor.of(allowed.leastIsvSvn()));
  }

  static Status read(Fields fields) {
    Operation operation =
        new Operation(
            fields.uint(3),
            fields.uint(4),
            fields.uint(5),
            fields.uintOrNull(15),
            fields.uint(6),
            fields.bytes(7, 16));
    Policy policy =
        new Policy(
            fields.bytes(16, 32),
            fields.bytes(32, 32),
            fields.blob(17, Limits.CORE),
            fields.uintOrNull(18),
            fields.list(23, 0, Limits.LIST, each -> each.text(0)),
            fields.list(31, 0, Limits.LIST, each -> allowed(each.any(0))));
    Status status =
        new Status(
            fields.bytes(1, 16),
            fields.text(22),
            fields.text(2),
            operation,
            readActive(fields),
            readHead(fields),
            policy,
            fields.blob(14, Limits.CORE),
            fields.uint(12),
            fields.uint(19),
            new Retirable(
                fields.listOfBytes(25, 0, Limits.LIST, 32),
                fields.listOfNumbers(26, 0, Limits.LIST)));
    return fields.end(status);
  }

  private static Optional<Active> readActive(Fields fields) {
    Optional<Bytes> mrenclave = fields.bytesOrNull(9, 32);
    Optional<Bytes> passport = fields.blobOrNull(13, Limits.CORE);
    Optional<Bytes> platformId = fields.bytesOrNull(27, 32);
    long isvProdId = fields.uint(28);
    long isvSvn = fields.uint(29);
    long platformKind = fields.uint(30);
    return fields
        .bytesOrNull(8, 32)
        .map(id ->
            new Active(
                id,
                present(mrenclave, 9),
                present(passport, 13),
                platformId,
                isvProdId,
                isvSvn,
                platformKind));
  }

  private static Optional<StateHead> readHead(Fields fields) {
    Optional<Bytes> slots = fields.blobOrNull(11, Limits.SLOTS);
    Optional<Bytes> core = fields.blobOrNull(20, Limits.CORE);
    long genFloor = fields.uint(21);
    boolean sealedByActive = fields.bool(24);
    return fields
        .bytesOrNull(10, 32)
        .map(id ->
            new StateHead(id, present(slots, 11), present(core, 20), genFloor, sealedByActive));
  }

  private static Bytes present(Optional<Bytes> field, int key) {
    return field.orElseThrow(
        () -> new WireException(WireException.Rule.FIELD, "status field " + key + " is null"));
  }

  private static Allowed allowed(Cbor item) {
    Fields fields = Fields.ofArray(item, "allowed");
    return fields.end(
        new Allowed(fields.bytes(0, 32), fields.uint(1, 0, 0xffff), fields.uint(2, 0, 0xffff)));
  }
}
