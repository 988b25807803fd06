package dev.reseal.authority;

import dev.reseal.authority.Policy.PlatformRule;
import dev.reseal.authority.StrictJson.Node;
import dev.reseal.quote.AppraisalPolicy;
import dev.reseal.quote.TcbStatus;
import dev.reseal.sgx.PlatformKind;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The member {@code tcb} of a lineage: how good and how fresh the evidence of platforms must be.
 */
final class TcbFields {
  private static final int WORDS = 16;
  private static final int ADVISORIES = 256;

  private TcbFields() {}

  static AppraisalPolicy read(JsonFields lineage, List<PlatformRule> platforms) {
    Optional<List<AppraisalPolicy.PlatformRule>> rules =
        Optional.of(platforms.stream().map(TcbFields::rule).toList());
    Optional<Node> node = lineage.node("tcb");
    if (node.isEmpty()) {
      AppraisalPolicy base = AppraisalPolicy.DEFAULT;
      return new AppraisalPolicy(
          base.statuses(),
          base.advisories(),
          base.leastEvaluationNumber(),
          base.maxCollateralAge(),
          base.grace(),
          rules,
          base.measurements());
    }
    JsonFields in = JsonFields.of(node.get(), "tcb");
    AppraisalPolicy policy =
        new AppraisalPolicy(
            statuses(in),
            in.node("advisories").map(entries -> advisories(in, entries)),
            (int) in.number("least_evaluation_number", 0, Integer.MAX_VALUE, 0),
            age(in),
            Duration.ofSeconds(
                in.number("grace_s", 0, SeenCollateral.LONGEST_GRACE.toSeconds(), 0)),
            rules,
            Optional.empty());
    in.end();
    return policy;
  }

  private static AppraisalPolicy.PlatformRule rule(PlatformRule each) {
    PlatformKind kind =
        each.kind() == PlatformKind.SGX.number() ? PlatformKind.SGX : PlatformKind.EMULATED;
    return new AppraisalPolicy.PlatformRule(kind, Optional.of(each.rootSpkiSha256()), each.ids());
  }

  private static Set<TcbStatus> statuses(JsonFields in) {
    if (in.node("statuses").isEmpty()) {
      return AppraisalPolicy.DEFAULT.statuses();
    }
    Set<TcbStatus> all = EnumSet.noneOf(TcbStatus.class);
    for (String word : in.list("statuses", WORDS, JsonFields.Item::text)) {
      TcbStatus status =
          TcbStatus.of(word)
              .filter(each -> each != TcbStatus.REVOKED)
              .orElseThrow(
                  () -> in.refuse("statuses", "'" + word + "' is no status that can be accepted"));
      all.add(status);
    }
    return all;
  }

  private static Map<String, Instant> advisories(JsonFields in, Node node) {
    Map<String, Instant> all = new HashMap<>();
    JsonFields.entries(node, "tcb.advisories")
        .forEach((id, value) -> {
          try {
            String until = new JsonFields.Item(value, "tcb.advisories." + id).text();
            all.put(id, Instant.parse(until));
          } catch (DateTimeException other) {
            throw in.refuse("advisories", id + " needs an instant like 2027-01-01T00:00:00Z");
          }
        });
    if (all.size() > ADVISORIES) {
      throw in.refuse("advisories", all.size() + " entries, more than " + ADVISORIES);
    }
    return all;
  }

  private static Optional<Duration> age(JsonFields in) {
    return in.node("max_collateral_age_s").isEmpty()
        ? Optional.empty()
        : Optional.of(Duration.ofSeconds(in.number("max_collateral_age_s", 60, Integer.MAX_VALUE)));
  }
}
