package dev.reseal.proof;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Limits;
import dev.reseal.wire.PhaseTimes;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What an operation left behind, as the authority put it together (protocol 24).
 *
 * @param evidence of the old instance, if there was one, and of the successor
 * @param log whole entries of the lineage, payload digests of others
 * @param phaseTimes microseconds by number of the phase, as the supervisor reported them: not
 *     evidence
 */
public record ProofFile(
    Bytes request,
    Optional<Bytes> ticket,
    Optional<Bytes> receipt,
    List<Evidence> evidence,
    Bytes passport,
    Bytes essentials,
    List<Bytes> log,
    Optional<Bytes> retired,
    List<Bytes> collateral,
    SortedMap<Long, Long> phaseTimes) {
  private static final int LOG_MOST = 65_536;
  private static final int COLLATERAL_MOST = 1 << 20;

  /** Encoded claims and the quote over them. */
  public record Evidence(Bytes claims, Bytes quote) {}

  static ProofFile decode(Bytes encoded) {
    Fields in = Fields.ofMap(encoded, "proof_file");
    in.uint(1, 1, 1);
    return in.end(
        new ProofFile(
            in.blob(2, Limits.MESSAGE),
            in.blobOrNull(3, Limits.MESSAGE),
            in.blobOrNull(4, Limits.MESSAGE),
            in.list(5, 1, 2, each -> evidence(each.nested(0))),
            in.blob(6, Limits.CORE),
            in.blob(7, Limits.CORE),
            in.list(8, 1, LOG_MOST, each -> each.blob(0, Limits.MESSAGE)),
            in.blobOrNull(9, Limits.MESSAGE),
            in.list(10, 1, 1, each -> each.blob(0, COLLATERAL_MOST)),
            PhaseTimes.micros(in.any(11))));
  }

  private static Evidence evidence(Fields in) {
    return in.end(new Evidence(in.blob(0, Limits.CORE), in.blob(1, Limits.GRANT_REQUEST)));
  }
}
