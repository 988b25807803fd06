package dev.reseal.cli;

import dev.reseal.authority.Policy;
import dev.reseal.bytes.Bytes;
import dev.reseal.quote.AppraisalPolicy;
import dev.reseal.quote.TcbStatus;
import dev.reseal.wire.Kind;
import dev.reseal.wire.VerifyKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What a policy allows, in words; whatever is not named is denied. */
final class PolicyWords {
  private static final int EMULATED = 2;

  private PolicyWords() {}

  static Facts describe(Policy policy) {
    Facts facts =
        new Facts()
            .put("name", policy.name())
            .put("lineage", policy.essentials().lineage().toHex())
            .put("env", word(policy.essentials().env()))
            .put("binding", word(policy.essentials().binding()))
            .put("recovery", word(policy.essentials().recovery()))
            .put(
                "rpo_updates",
                policy.essentials().rpoUpdates().map(String::valueOf).orElse("unbounded"))
            .put("purposes", String.join(" ", policy.essentials().purposes()))
            .put("policy_digest", policy.essentials().digest().toHex())
            .put("passport_life_ms", policy.dials().lifeMs());
    List<String> lowered = policy.dials().lowered();
    if (!lowered.isEmpty()) {
      facts.put("lowered_for_demo", String.join(" ", lowered));
    }
    return facts
        .put("measurement", measurements(policy))
        .put("platform", platforms(policy))
        .put("tcb", tcb(policy.appraisal()))
        .put("key", keys(policy));
  }

  private static List<Facts> measurements(Policy policy) {
    return policy.allowed().stream()
        .map(each -> measurement(each.mrenclave(), each.isvProdId(), each.leastIsvSvn()))
        .toList();
  }

  /** What may run, as policy and requests name it. */
  static Facts measurement(Bytes mrenclave, long isvProdId, long leastIsvSvn) {
    return new Facts()
        .put("mrenclave", mrenclave.toHex())
        .put("isvprodid", isvProdId)
        .put("least_isvsvn", leastIsvSvn);
  }

  private static List<Facts> platforms(Policy policy) {
    return policy.platforms().stream()
        .map(each ->
            new Facts()
                .put("kind", each.kind() == EMULATED ? "EMULATED (no security)" : "SGX")
                .put("root", each.rootSpkiSha256().toHex())
                .put("ids", each.ids().isEmpty() ? "any" : each.ids().toString()))
        .toList();
  }

  private static Facts tcb(AppraisalPolicy appraisal) {
    Facts facts =
        new Facts()
            .put(
                "statuses",
                appraisal.statuses().stream()
                    .map(TcbStatus::word)
                    .sorted()
                    .collect(Collectors.joining(" ")))
            .put(
                "advisories",
                appraisal
                    .advisories()
                    .map(listed -> new TreeMap<>(listed).toString())
                    .orElse("any"))
            .put("least_evaluation_number", appraisal.leastEvaluationNumber())
            .put("grace_s", appraisal.grace().toSeconds());
    appraisal
        .maxCollateralAge()
        .ifPresent(age -> facts.put("max_collateral_age_s", age.toSeconds()));
    return facts;
  }

  private static List<Facts> keys(Policy policy) {
    List<Facts> all = new ArrayList<>();
    for (VerifyKey key : policy.operators()) {
      all.add(new Facts().put("id", key.kid().toHex()).put("may", "every operation"));
    }
    policy
        .supervisors()
        .forEach(each ->
            all.add(
                new Facts()
                    .put("id", each.key().kid().toHex())
                    .put(
                        "may",
                        each.may().stream()
                            .map(Kind::wireName)
                            .sorted()
                            .collect(Collectors.joining(" ")))));
    return all;
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
