package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.PlatformKind;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Collectors;

/** Each rule of a policy: empty if it holds, the denial if it does not. */
final class PolicyRules {
  private static final String NO_ALLOWANCE = "no policy";

  private PolicyRules() {}

  /** The first rule that {@code verdict} breaks, in the order of {@link Rule}. */
  static Optional<Appraisal.Denied> firstBroken(
      AppraisalPolicy policy, Verdict.Trusted verdict, Circumstances now) {
    for (Rule rule : Rule.values()) {
      Optional<Appraisal.Denied> denied = broken(rule, policy, verdict, now);
      if (denied.isPresent()) {
        return denied;
      }
    }
    return Optional.empty();
  }

  private static Optional<Appraisal.Denied> broken(
      Rule rule, AppraisalPolicy policy, Verdict.Trusted verdict, Circumstances now) {
    return switch (rule) {
      case DEBUG -> debug(verdict.body());
      case ATTRIBUTES -> attributes(verdict.body());
      case RESERVED -> reserved(verdict.body());
      case REPORT_DATA -> now.reportData().flatMap(data -> reportData(verdict.body(), data));
      case EMULATED -> emulated(policy, verdict.platform());
      case PLATFORM -> platform(policy, verdict.platform());
      case MEASUREMENT -> measurement(policy, verdict.body());
      case COLLATERAL_ROLLBACK -> rollback(now.floor(), verdict.evidence());
      case STATUS -> status(policy, verdict);
      case ADVISORY -> advisory(policy, verdict, now.at());
      case EVALUATION_NUMBER -> evaluation(policy, verdict.evidence());
      case AGE -> age(policy, verdict.evidence(), now.at());
    };
  }

  private static Optional<Appraisal.Denied> reportData(QuoteBody body, Bytes expected) {
    return unless(
        body.reportData().equals(expected),
        Rule.REPORT_DATA,
        body.reportData().toHex(),
        expected.toHex(),
        NO_ALLOWANCE);
  }

  private static Optional<Appraisal.Denied> debug(QuoteBody body) {
    boolean debug =
        switch (body) {
          case QuoteBody.Enclave enclave -> enclave.report().attributes().has(Attributes.DEBUG);
          case QuoteBody.TrustDomain td -> td.report().debug();
        };
    return unless(!debug, Rule.DEBUG, "DEBUG set: the host can read it", "clear", NO_ALLOWANCE);
  }

  private static Optional<Appraisal.Denied> attributes(QuoteBody body) {
    return switch (body) {
      case QuoteBody.Enclave enclave -> {
        Attributes have = enclave.report().attributes();
        boolean good =
            have.has(Attributes.INIT)
                && !have.has(Attributes.PROVISIONKEY)
                && !have.has(Attributes.EINITTOKENKEY);
        yield unless(
            good,
            Rule.ATTRIBUTES,
            have.toString(),
            "INIT, neither PROVISIONKEY nor EINITTOKENKEY",
            NO_ALLOWANCE);
      }
      case QuoteBody.TrustDomain td ->
          unless(
              td.report().septVeDisabled(),
              Rule.ATTRIBUTES,
              "TD attributes " + td.report().tdAttributes() + " without SEPT_VE_DISABLE",
              "SEPT_VE_DISABLE set",
              NO_ALLOWANCE);
    };
  }

  private static Optional<Appraisal.Denied> reserved(QuoteBody body) {
    boolean clear =
        switch (body) {
          case QuoteBody.Enclave enclave -> enclave.reservedClear();
          case QuoteBody.TrustDomain td -> !td.report().reservedAttributes();
        };
    return unless(clear, Rule.RESERVED, "reserved bits set", "all clear", NO_ALLOWANCE);
  }

  /** Emulated evidence counts only where a rule names the kind and the root. */
  private static Optional<Appraisal.Denied> emulated(AppraisalPolicy policy, Platform platform) {
    boolean named =
        policy.platforms().stream()
            .flatMap(java.util.List::stream)
            .anyMatch(rule ->
                rule.kind() == PlatformKind.EMULATED
                    && rule.root().equals(Optional.of(platform.root())));
    return unless(
        platform.kind() == PlatformKind.SGX || named,
        Rule.EMULATED,
        "an emulated platform, root " + platform.root(),
        "hardware",
        "{\"kind\": \"emulated\", \"root_spki_sha256\": \"%s\"} in platforms"
            .formatted(platform.root()));
  }

  private static Optional<Appraisal.Denied> platform(AppraisalPolicy policy, Platform platform) {
    boolean allowed =
        policy
            .platforms()
            .map(rules -> rules.stream().anyMatch(rule -> rule.allows(platform)))
            .orElse(true);
    return unless(
        allowed,
        Rule.PLATFORM,
        "platform " + platform.id() + " under root " + platform.root(),
        "one that platforms names",
        "{\"kind\": \"sgx\", \"ids\": [\"%s\"]} in platforms".formatted(platform.id()));
  }

  private static Optional<Appraisal.Denied> measurement(AppraisalPolicy policy, QuoteBody body) {
    boolean allowed =
        policy
            .measurements()
            .map(list -> list.stream().anyMatch(one -> one.allows(body)))
            .orElse(true);
    String line = measurementLine(body);
    return unless(
        allowed, Rule.MEASUREMENT, line, "one that measurements names", line + " in measurements");
  }

  private static String measurementLine(QuoteBody body) {
    return switch (body) {
      case QuoteBody.Enclave enclave ->
          "{\"mrenclave\": \"%s\", \"isvprodid\": %d, \"least_isvsvn\": %d}"
              .formatted(
                  enclave.report().mrEnclave(),
                  enclave.report().isvProdId(),
                  enclave.report().isvSvn());
      case QuoteBody.TrustDomain td -> "{\"mrtd\": \"%s\"}".formatted(td.report().mrTd());
    };
  }

  private static Optional<Appraisal.Denied> rollback(Floor floor, Evidence have) {
    boolean fresh =
        have.tcbEvaluationNumber() >= floor.tcbEvaluationNumber()
            && have.rootCrlNumber().compareTo(floor.rootCrlNumber()) >= 0
            && have.pckCrlNumber().compareTo(floor.pckCrlNumber()) >= 0
            && !have.issued().isBefore(floor.issued());
    return unless(
        fresh,
        Rule.COLLATERAL_ROLLBACK,
        numbers(Floor.NONE.raise(have)),
        "at least " + numbers(floor),
        "newer collateral");
  }

  private static String numbers(Floor of) {
    return "evaluation %d, root CRL %s, PCK CRL %s, issued %s"
        .formatted(of.tcbEvaluationNumber(), of.rootCrlNumber(), of.pckCrlNumber(), of.issued());
  }

  private static Optional<Appraisal.Denied> status(
      AppraisalPolicy policy, Verdict.Trusted verdict) {
    String words =
        policy.statuses().stream().map(TcbStatus::word).sorted().collect(Collectors.joining(", "));
    return unless(
        policy.statuses().contains(verdict.status()),
        Rule.STATUS,
        verdict.status().word(),
        words.isEmpty() ? "a status, but the policy accepts none" : words,
        verdict.status() == TcbStatus.REVOKED
            ? NO_ALLOWANCE
            : "\"%s\" in statuses".formatted(verdict.status().word()));
  }

  private static Optional<Appraisal.Denied> advisory(
      AppraisalPolicy policy, Verdict.Trusted verdict, Instant at) {
    return policy
        .advisories()
        .flatMap(allowed ->
            verdict.advisories().stream()
                .filter(id -> !at.isBefore(allowed.getOrDefault(id, Instant.MIN)))
                .findFirst()
                .flatMap(id ->
                    unless(
                        false,
                        Rule.ADVISORY,
                        allowed.containsKey(id) ? id + ", allowed until " + allowed.get(id) : id,
                        "only advisories that are listed and in date at " + at,
                        "\"%s\": INSTANT in advisories".formatted(id))));
  }

  private static Optional<Appraisal.Denied> evaluation(AppraisalPolicy policy, Evidence have) {
    return unless(
        have.tcbEvaluationNumber() >= policy.leastEvaluationNumber(),
        Rule.EVALUATION_NUMBER,
        Integer.toString(have.tcbEvaluationNumber()),
        "at least " + policy.leastEvaluationNumber(),
        "\"least_evaluation_number\": " + have.tcbEvaluationNumber());
  }

  private static Optional<Appraisal.Denied> age(AppraisalPolicy policy, Evidence have, Instant at) {
    return policy
        .maxCollateralAge()
        .flatMap(most ->
            unless(
                !at.isAfter(have.issued().plus(most)),
                Rule.AGE,
                "collateral issued " + have.issued(),
                "at most " + most.toSeconds() + " s before " + at,
                "a larger max_collateral_age_s"));
  }

  private static Optional<Appraisal.Denied> unless(
      boolean holds, Rule rule, String have, String need, String allow) {
    return holds ? Optional.empty() : Optional.of(new Appraisal.Denied(rule, have, need, allow));
  }
}
