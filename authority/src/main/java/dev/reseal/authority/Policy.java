package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.AppraisalPolicy;
import dev.reseal.sgx.Attributes;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Status;
import dev.reseal.wire.VerifyKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the authority will do for one lineage (protocol 23.2): essentials, which instances obey, and
 * limits and lists, which only the authority reads. Nothing is allowed that is not written.
 *
 * @param appraisal how good and how fresh evidence of the platforms must be
 */
public record Policy(
    String name,
    Essentials essentials,
    List<Allowed> allowed,
    List<PlatformRule> platforms,
    AppraisalPolicy appraisal,
    List<VerifyKey> operators,
    List<Supervisor> supervisors,
    Map<Kind, Approvals> approvals,
    Dials dials) {

  public Policy {
    allowed = List.copyOf(allowed);
    platforms = List.copyOf(platforms);
    operators = List.copyOf(operators);
    supervisors = List.copyOf(supervisors);
    approvals = Map.copyOf(approvals);
  }

  /**
   * A measurement that may become active.
   *
   * @param attributeMask the attributes that may be set; DEBUG and the provisioning keys never may
   * @param configId 64 bytes; zeros unless the image uses it
   */
  public record Allowed(
      Bytes mrenclave,
      long isvProdId,
      long leastIsvSvn,
      Attributes attributeMask,
      Bytes configId) {}

  /**
   * A platform root; {@code ids} restricts it to named platforms, empty does not.
   *
   * @param kind 1 SGX, 2 emulated
   */
  public record PlatformRule(int kind, Bytes rootSpkiSha256, Set<Bytes> ids) {}

  /** A host's key and the kinds of request that it may make. */
  public record Supervisor(VerifyKey key, Set<Kind> may) {}

  /** How many of which keys must approve. */
  public record Approvals(int least, List<VerifyKey> of) {}

  /** Numbers of 23.2, in the units of their names. */
  public record Dials(
      long lifeMs,
      long skewMs,
      long rekeyGraceS,
      long maxGrants,
      long grantIntervalS,
      long nonceRate,
      long permitS) {
    static final Dials DEFAULT = new Dials(120_000, 5_000, 600, 8, 60, 10, 900);

    /** The dials below what {@code env: prod} allows, as {@code name=value}. */
    public List<String> lowered() {
      List<String> all = new ArrayList<>();
      note(all, "life_ms", lifeMs, 30_000);
      note(all, "skew_ms", skewMs, 1_000);
      note(all, "rekey_grace_s", rekeyGraceS, 60);
      note(all, "grant_interval_s", grantIntervalS, 10);
      note(all, "permit_s", permitS, 60);
      return List.copyOf(all);
    }

    private static void note(List<String> all, String name, long value, long least) {
      if (value < least) {
        all.add(name + "=" + value);
      }
    }
  }

  boolean demo() {
    return essentials.env() == Essentials.Env.DEMO;
  }

  Optional<Allowed> allows(Bytes mrenclave, long isvProdId) {
    return allowed.stream()
        .filter(each -> each.mrenclave().equals(mrenclave) && each.isvProdId() == isvProdId)
        .findFirst();
  }

  /** How many approvals the kind still needs, given who approved. */
  int missing(Kind kind, Set<Bytes> kids) {
    Approvals needed = approvals.get(kind);
    if (needed == null) {
      return 0;
    }
    long given = needed.of().stream().map(VerifyKey::kid).distinct().filter(kids::contains).count();
    return (int) Math.max(0, needed.least() - given);
  }

  /**
   * Whether a newer policy changes what approvals are for: binding, recovery, who may become
   * active.
   */
  boolean guards(Policy newer) {
    return newer.essentials().binding() != essentials.binding()
        || newer.essentials().recovery() != essentials.recovery()
        || !newer.approvals().equals(approvals)
        || !newer.allowed().equals(allowed);
  }

  /** Whether slots made under this policy open under the newer one (protocol 5.3). */
  boolean sealsAs(Policy newer) {
    return newer.essentials().binding() == essentials.binding()
        && newer.essentials().attributeMask().equals(essentials.attributeMask())
        && newer.essentials().miscMask() == essentials.miscMask();
  }

  Status.Policy publicPart(Bytes file) {
    return new Status.Policy(
        essentials.digest(),
        file.sha256(),
        essentials.encode(),
        essentials.rpoUpdates(),
        dials.lowered(),
        allowed.stream()
            .map(each -> new Status.Allowed(each.mrenclave(), each.isvProdId(), each.leastIsvSvn()))
            .toList());
  }
}
