package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.PlatformKind;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a relying party accepts, as data. DEBUG, keys to provisioning and reserved bits are refused
 * by every policy.
 *
 * @param statuses accepted words; never {@link TcbStatus#REVOKED}
 * @param advisories if present, every advisory of a platform must be listed and not past its date
 * @param leastEvaluationNumber least tcbEvaluationDataNumber
 * @param maxCollateralAge if present, how long ago TCB info and QE identity may have been issued
 * @param grace how long a member may stay once new collateral speaks against it
 * @param platforms if present, one must match; absent means every hardware platform
 * @param measurements if present, one must match; absent means any code
 */
public record AppraisalPolicy(
    Set<TcbStatus> statuses,
    Optional<Map<String, Instant>> advisories,
    int leastEvaluationNumber,
    Optional<Duration> maxCollateralAge,
    Duration grace,
    Optional<List<PlatformRule>> platforms,
    Optional<List<Measurement>> measurements) {

  /**
   * Platforms that are allowed.
   *
   * @param root if present, SHA-256 of the root's public key
   * @param ids SHA-256 of PCK public keys; empty means any
   */
  public record PlatformRule(PlatformKind kind, Optional<Bytes> root, Set<Bytes> ids) {
    public PlatformRule {
      ids = Set.copyOf(ids);
    }

    boolean allows(Platform platform) {
      return platform.kind() == kind
          && root.map(platform.root()::equals).orElse(true)
          && (ids.isEmpty() || ids.contains(platform.id()));
    }
  }

  /** Up to date, or needing software hardening that the code is trusted to have; hardware only. */
  public static final AppraisalPolicy DEFAULT =
      new AppraisalPolicy(
          EnumSet.of(TcbStatus.UP_TO_DATE, TcbStatus.SW_HARDENING_NEEDED),
          Optional.empty(),
          0,
          Optional.empty(),
          Duration.ZERO,
          Optional.empty(),
          Optional.empty());

  public AppraisalPolicy {
    if (statuses.contains(TcbStatus.REVOKED)) {
      throw new IllegalArgumentException("no policy may accept status Revoked");
    }
    statuses = Set.copyOf(statuses);
    advisories = advisories.map(Map::copyOf);
    platforms = platforms.map(List::copyOf);
    measurements = measurements.map(List::copyOf);
  }

  /** Appraises what was proven. */
  public Appraisal appraise(Verdict.Trusted verdict, Circumstances circumstances) {
    return PolicyRules.firstBroken(this, verdict, circumstances)
        .map(broken -> graced(broken, verdict, circumstances))
        .orElseGet(() -> new Appraisal.Accepted(until(verdict)));
  }

  private Instant until(Verdict.Trusted verdict) {
    return maxCollateralAge
        .map(age -> verdict.evidence().issued().plus(age))
        .filter(end -> end.isBefore(verdict.validUntil()))
        .orElse(verdict.validUntil());
  }

  private Appraisal graced(
      Appraisal.Denied denied, Verdict.Trusted verdict, Circumstances circumstances) {
    Instant at = circumstances.at();
    boolean mayWait = denied.rule().mayWait() && verdict.status() != TcbStatus.REVOKED;
    return switch (circumstances.occasion()) {
      case Occasion.Admission() -> denied;
      case Occasion.Membership(Instant last) -> {
        Instant end = last.plus(grace);
        boolean inside = !at.isBefore(last) && at.isBefore(end);
        yield mayWait && inside ? new Appraisal.Graced(denied, end) : denied;
      }
    };
  }
}
