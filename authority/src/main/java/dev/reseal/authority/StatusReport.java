package dev.reseal.authority;

import dev.reseal.authority.Row.Incumbent;
import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Status;
import java.util.Optional;

/** The public part of a row (transport T5). */
final class StatusReport {
  private StatusReport() {}

  static Status of(Row row, Bytes logHead, long waitMs) {
    Optional<Long> next = row.operation().map(Operation::nextGen).filter(gen -> gen > row.gen());
    return new Status(
        row.lineage(),
        row.policy().name(),
        row.stateName(),
        new Status.Operation(
            row.epoch(),
            row.fence(),
            row.gen(),
            next,
            row.last().map(last -> (long) last.kind().number()).orElse(0L),
            row.last().map(Row.Last::opId).orElse(Bytes.zeros(16))),
        row.incumbent().flatMap(incumbent -> active(row, incumbent)),
        row.head()
            .map(head ->
                new Status.StateHead(
                    head.bodyId(),
                    head.slots(),
                    head.core(),
                    head.decodedFooter().genFloor(),
                    Retirement.sealedByActive(row))),
        row.policy().publicPart(row.policyFile()),
        logHead,
        row.lease().untilMs(),
        waitMs,
        Retirement.retirable(row));
  }

  private static Optional<Status.Active> active(Row row, Incumbent incumbent) {
    Identity identity = incumbent.identity();
    return row.lease()
        .passport()
        .map(passport ->
            new Status.Active(
                identity.instanceId(),
                identity.mrenclave(),
                passport,
                Optional.of(identity.platformId()),
                identity.isvProdId(),
                identity.isvSvn(),
                identity.platformKind()));
  }
}
