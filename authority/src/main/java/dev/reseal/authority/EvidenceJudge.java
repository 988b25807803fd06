package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.ReportBody;
import dev.reseal.wire.WireError;
import java.time.Instant;

/** Whether a quote was made by a platform that policy names (protocol 6.2, first half). */
@FunctionalInterface
public interface EvidenceJudge {
  /** Structure, chain to a root that policy names, revocation, dates, TCB; as of {@code now}. */
  Verdict judge(Bytes evidence, Policy policy, Instant now);

  /**
   * The same with the collateral that a permit pinned, as {@link Verdict.Genuine#collateral} gave
   * it. A judge that needs no collateral has none to pin.
   */
  default Verdict judgePinned(Bytes evidence, Policy policy, Instant now, Bytes pinned) {
    return judge(evidence, policy, now);
  }

  /**
   * A candidate was granted on this verdict, so everything else about it was good too. A judge that
   * knows no members has nothing to remember.
   */
  default void granted(Policy policy, Verdict verdict, Instant now) {}

  /** What a quote is worth. */
  sealed interface Verdict {
    /**
     * Made by a platform under a named root.
     *
     * @param platformKind 1 SGX, 2 emulated: decided by the root, never by the quote
     * @param platformId SHA-256 of the PCK public key
     * @param relaxed whether the TCB is accepted though not up to date
     * @param graced whether it is so only because the platform was accepted before
     * @param collateral what judged it: a CBOR array of its parts in the order of protocol 24,
     *     bytes or null
     */
    record Genuine(
        ReportBody body,
        int platformKind,
        Bytes platformId,
        boolean relaxed,
        boolean graced,
        Bytes collateral)
        implements Verdict {}

    record Refused(WireError error) implements Verdict {}
  }
}
