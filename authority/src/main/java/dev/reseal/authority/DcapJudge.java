package dev.reseal.authority;

import dev.reseal.authority.Policy.PlatformRule;
import dev.reseal.bytes.Bytes;
import dev.reseal.collateral.CollateralFiles;
import dev.reseal.proof.EncodedCollateral;
import dev.reseal.quote.Appraisal;
import dev.reseal.quote.Circumstances;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.Floor;
import dev.reseal.quote.Occasion;
import dev.reseal.quote.P256;
import dev.reseal.quote.Platform;
import dev.reseal.quote.QuoteBody;
import dev.reseal.quote.TcbStatus;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.quote.Verifier;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.PlatformKind;
import dev.reseal.wire.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Judges DCAP quotes with the collateral of one folder, read anew each time so that whoever
 * refreshes it need not tell the authority. What is good enough, the lineage's policy says;
 * collateral older than any seen is refused under every policy.
 */
public final class DcapJudge implements EvidenceJudge {
  private final Path folder;
  private final Map<Set<Bytes>, Verifier> verifiers = new ConcurrentHashMap<>();
  private volatile Optional<Known> newest = Optional.empty();
  private final SeenCollateral seen;

  /** What came of the signatures of some collateral: the same every time, unlike its dates. */
  private record Known(Set<Bytes> roots, Collateral collateral, Verifier.Checked checked) {}

  /** One that forgets with the process what collateral it has seen. */
  public DcapJudge(Path folder) {
    this(folder, SeenCollateral.inMemory());
  }

  public DcapJudge(Path folder, SeenCollateral seen) {
    this.folder = folder;
    this.seen = seen;
  }

  @Override
  public Verdict judge(Bytes evidence, Policy policy, Instant now) {
    Collateral collateral;
    try {
      collateral = CollateralFiles.load(folder);
    } catch (IOException | MalformedException unreadable) {
      return refuse(
          Denied.of(
              Code.UNAVAILABLE,
              "COLLATERAL",
              "collateral in " + folder + ": " + unreadable.getMessage()));
    }
    return judge(evidence, policy, now, collateral, seen::floor);
  }

  /** What was current when the permit was given counts, also if newer was seen since. */
  @Override
  public Verdict judgePinned(Bytes evidence, Policy policy, Instant now, Bytes pinned) {
    return judge(evidence, policy, now, EncodedCollateral.decode(pinned), _ -> Floor.NONE);
  }

  private Verdict judge(
      Bytes evidence,
      Policy policy,
      Instant now,
      Collateral collateral,
      Function<Bytes, Floor> floors) {
    List<PlatformRule> platforms = policy.platforms();
    try {
      Set<Bytes> roots =
          platforms.stream().map(PlatformRule::rootSpkiSha256).collect(Collectors.toSet());
      return switch (verify(roots, evidence, collateral, now)) {
        case dev.reseal.quote.Verdict.Trusted trusted ->
            trusted(trusted, policy, collateral, now, floors);
        case dev.reseal.quote.Verdict.Refused refused ->
            refuse(EvidenceRefusals.of(refused, evidence, platforms));
      };
    } catch (Denied denied) {
      return refuse(denied);
    }
  }

  private dev.reseal.quote.Verdict verify(
      Set<Bytes> roots, Bytes evidence, Collateral collateral, Instant now) {
    Verifier verifier =
        verifiers.computeIfAbsent(
            roots, each -> Verifier.remembering(P256.fastest(), TrustAnchors.ofKeys(each)));
    Known known =
        newest
            .filter(each -> each.roots().equals(roots) && each.collateral().equals(collateral))
            .orElseGet(() -> new Known(roots, collateral, verifier.check(collateral)));
    newest = Optional.of(known);
    return switch (known.checked()) {
      case Verifier.Checked.Good(var checked) -> verifier.verify(evidence, checked, now);
      // From the beginning, so that a fault of the quote is named before one of the collateral.
      case Verifier.Checked.Bad _ -> verifier.verify(evidence, collateral, now);
    };
  }

  private Verdict trusted(
      dev.reseal.quote.Verdict.Trusted trusted,
      Policy policy,
      Collateral collateral,
      Instant now,
      Function<Bytes, Floor> floors) {
    QuoteBody.Enclave enclave =
        switch (trusted.body()) {
          case QuoteBody.Enclave sgx -> sgx;
          case QuoteBody.TrustDomain _ ->
              throw Denied.of(Code.PLATFORM_REFUSED, "TEE", "a TD, not an SGX enclave");
        };
    Platform platform = trusted.platform();
    named(platform, policy.platforms());
    boolean graced =
        switch (appraise(trusted, policy, now, floors)) {
          case Appraisal.Accepted _ -> false;
          case Appraisal.Graced _ -> true;
          case Appraisal.Denied denied -> throw EvidenceRefusals.of(denied, trusted);
        };
    return new Verdict.Genuine(
        enclave.report(),
        platform.kind().number(),
        platform.id(),
        graced || trusted.status() != TcbStatus.UP_TO_DATE,
        graced,
        EncodedCollateral.encode(collateral));
  }

  /**
   * A platform that this lineage has accepted before is a member: it may wait for the grace of the
   * policy.
   */
  private Appraisal appraise(
      dev.reseal.quote.Verdict.Trusted trusted,
      Policy policy,
      Instant now,
      Function<Bytes, Floor> floors) {
    Platform platform = trusted.platform();
    Bytes family = Bytes.concat(platform.root(), platform.pck().fmspc());
    Occasion occasion =
        seen.lastAccepted(policy.essentials().lineage(), platform.id())
            .<Occasion>map(Occasion.Membership::new)
            .orElseGet(Occasion.Admission::new);
    Appraisal appraisal =
        policy
            .appraisal()
            .appraise(
                trusted, new Circumstances(occasion, floors.apply(family), Optional.empty(), now));
    seen.raise(family, trusted.evidence());
    return appraisal;
  }

  @Override
  public void granted(Policy policy, Verdict verdict, Instant now) {
    if (verdict instanceof Verdict.Genuine genuine
        && !genuine.graced()
        && policy.appraisal().grace().isPositive()) {
      seen.accepted(policy.essentials().lineage(), genuine.platformId(), now);
    }
  }

  private static void named(Platform platform, List<PlatformRule> platforms) {
    boolean listed =
        platforms.stream()
            .anyMatch(each ->
                each.kind() == platform.kind().number()
                    && each.rootSpkiSha256().equals(platform.root())
                    && (each.ids().isEmpty() || each.ids().contains(platform.id())));
    if (!listed) {
      throw Denied.of(
              Code.PLATFORM_REFUSED, "PLATFORM", "policy does not list platform " + platform.id())
          .allow(line(platform.kind(), platform.root(), platform.id().toHex()));
    }
  }

  private static String line(PlatformKind kind, Bytes root, String id) {
    return "\"platforms\": [{\"kind\": \"%s\", \"root_spki_sha256\": \"%s\", \"ids\": [\"%s\"]}]"
        .formatted(kind == PlatformKind.SGX ? "sgx" : "emulated", root, id);
  }

  private static Verdict refuse(Denied denied) {
    return new Verdict.Refused(denied.error());
  }
}
