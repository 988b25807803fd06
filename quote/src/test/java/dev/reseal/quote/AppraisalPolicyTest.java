package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.PlatformKind;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class AppraisalPolicyTest {
  private static final Instant AT = TestPki.AT;

  static Verdict.Trusted trusted(Consumer<TestPki> change) {
    TestPki pki = new TestPki();
    change.accept(pki);
    TestPki.Built built = pki.build();
    try {
      Verifier verifier = Verifier.of(P256.fastest(), TrustAnchors.ofPem(built.rootPem()));
      if (built.judged(verifier) instanceof Verdict.Trusted trusted) {
        return trusted;
      }
    } catch (MalformedException impossible) {
      throw new IllegalStateException(impossible);
    }
    throw new IllegalStateException("refused: " + built);
  }

  private static final Verdict.Trusted GOOD = trusted(p -> {});

  static String appraised(AppraisalPolicy policy, Verdict.Trusted verdict, Circumstances now) {
    return switch (policy.appraise(verdict, now)) {
      case Appraisal.Accepted _ -> "accepted";
      case Appraisal.Graced graced -> "graced " + graced.denied().rule().word();
      case Appraisal.Denied denied -> denied.rule().word();
    };
  }

  private static String byDefault(Verdict.Trusted verdict) {
    return appraised(AppraisalPolicy.DEFAULT, verdict, Circumstances.admission(AT));
  }

  static AppraisalPolicy policy(String members) throws MalformedException {
    return PolicyFile.parse(
        Bytes.ascii("{\"version\":1,\"statuses\":[\"UpToDate\"]" + members + "}"));
  }

  @Test
  void everyStatusMeetsEveryModeAsTheTableSays() throws Exception {
    AppraisalPolicy strict = policy(",\"grace_s\":3600");
    AppraisalPolicy lenient =
        PolicyFile.parse(
            Bytes.ascii(
                "{\"version\":1,\"statuses\":[\"UpToDate\",\"SWHardeningNeeded\","
                    + "\"ConfigurationNeeded\",\"ConfigurationAndSWHardeningNeeded\",\"OutOfDate\","
                    + "\"OutOfDateConfigurationNeeded\",\"TDRelaunchAdvised\","
                    + "\"TDRelaunchAdvisedConfigurationNeeded\"]}"));
    Circumstances admission = Circumstances.admission(AT);
    List<String> table = new ArrayList<>();
    for (TcbStatus status : TcbStatus.values()) {
      Verdict.Trusted verdict = with(status);
      table.add(
          String.join(
              " | ",
              status.word(),
              appraised(AppraisalPolicy.DEFAULT, verdict, admission),
              appraised(strict, verdict, admission),
              appraised(strict, verdict, member(AT.minusSeconds(3599))),
              appraised(strict, verdict, member(AT.minusSeconds(3600))),
              appraised(lenient, verdict, admission)));
    }
    assertThat(table).isEqualTo(golden());
  }

  private static List<String> golden() throws IOException {
    try (var in = AppraisalPolicyTest.class.getResourceAsStream("decisions.txt")) {
      String text =
          new String(
              java.util.Objects.requireNonNull(in).readAllBytes(), StandardCharsets.US_ASCII);
      return text.lines().skip(1).toList();
    }
  }

  private static Verdict.Trusted with(TcbStatus status) {
    return new Verdict.Trusted(
        status,
        GOOD.advisories(),
        GOOD.validUntil(),
        GOOD.tee(),
        GOOD.version(),
        GOOD.body(),
        GOOD.platform(),
        GOOD.evidence());
  }

  private static Circumstances member(Instant last) {
    return new Circumstances(new Occasion.Membership(last), Floor.NONE, Optional.empty(), AT);
  }

  @Test
  void aPlatformIsAllowedByKindAndRootAndId() {
    Platform platform = GOOD.platform();
    Bytes other = Bytes.ascii("other").sha256();
    PlatformKind kind = platform.kind();
    PlatformKind otherKind =
        kind == PlatformKind.EMULATED ? PlatformKind.SGX : PlatformKind.EMULATED;
    assertThat(rule(kind, Optional.of(platform.root()), Set.of()).allows(platform)).isTrue();
    assertThat(rule(kind, Optional.empty(), Set.of(platform.id())).allows(platform)).isTrue();
    assertThat(rule(kind, Optional.of(other), Set.of()).allows(platform)).isFalse();
    assertThat(rule(kind, Optional.empty(), Set.of(other)).allows(platform)).isFalse();
    assertThat(rule(otherKind, Optional.empty(), Set.of()).allows(platform)).isFalse();
  }

  private static AppraisalPolicy.PlatformRule rule(
      PlatformKind kind, Optional<Bytes> root, Set<Bytes> ids) {
    return new AppraisalPolicy.PlatformRule(kind, root, ids);
  }

  @Test
  void graceIsNoUseAgainstWhatCollateralCannotCause() throws Exception {
    AppraisalPolicy policy = policy(",\"grace_s\":3600");
    assertThat(
            appraised(
                policy, trusted(p -> p.attributes |= Attributes.DEBUG), member(AT.minusSeconds(1))))
        .isEqualTo("debug");
    assertThat(appraised(policy, with(TcbStatus.OUT_OF_DATE), member(AT.plusSeconds(1))))
        .isEqualTo("status");
  }

  @Test
  void dangerousAttributesAreRefusedByEveryPolicy() {
    assertThat(byDefault(trusted(p -> p.attributes |= Attributes.DEBUG))).isEqualTo("debug");
    assertThat(byDefault(trusted(p -> p.attributes |= Attributes.PROVISIONKEY)))
        .isEqualTo("attributes");
    assertThat(byDefault(trusted(p -> p.attributes |= Attributes.EINITTOKENKEY)))
        .isEqualTo("attributes");
    assertThat(byDefault(trusted(p -> p.attributes &= ~Attributes.INIT))).isEqualTo("attributes");
    assertThat(byDefault(trusted(p -> p.tdx(4).tdAttributes = Bytes.hex("0100001000000000"))))
        .isEqualTo("debug");
    assertThat(byDefault(trusted(p -> p.tdx(4).tdAttributes = Bytes.zeros(8))))
        .isEqualTo("attributes");
    for (String reserved :
        List.of(
            "0001001000000000",
            "0000011000000000",
            "0000003000000000",
            "0000001001000000",
            "0000001000000001")) {
      assertThat(byDefault(trusted(p -> p.tdx(4).tdAttributes = Bytes.hex(reserved))))
          .as(reserved)
          .isEqualTo("reserved");
    }
    assertThat(byDefault(trusted(p -> p.tdx(4).tdAttributes = Bytes.hex("000000d000000080"))))
        .isEqualTo("accepted");
  }

  @Test
  void reservedBytesOfAReportAreRefused() {
    assertThat(byDefault(trusted(p -> p.body = b -> Cases.flipped(b, 300)))).isEqualTo("reserved");
  }

  @Test
  void reportDataMustBeTheExpectedOne() {
    Circumstances now = Circumstances.admission(AT);
    assertThat(appraised(AppraisalPolicy.DEFAULT, GOOD, now.expecting(Bytes.zeros(64))))
        .isEqualTo("accepted");
    assertThat(
            appraised(
                AppraisalPolicy.DEFAULT,
                GOOD,
                now.expecting(Bytes.concat(Bytes.zeros(63), Bytes.hex("01")))))
        .isEqualTo("report-data");
  }

  @Test
  void collateralOlderThanSeenIsRefused() {
    Evidence seen = GOOD.evidence();
    Circumstances now = Circumstances.admission(AT);
    Floor floor = Floor.NONE.raise(seen);
    assertThat(appraised(AppraisalPolicy.DEFAULT, GOOD, now.above(floor))).isEqualTo("accepted");
    for (Evidence newer :
        List.of(
            evidence(18, BigInteger.ZERO, BigInteger.ZERO),
            evidence(0, BigInteger.valueOf(8), BigInteger.ZERO),
            evidence(0, BigInteger.ZERO, BigInteger.valueOf(8)))) {
      assertThat(appraised(AppraisalPolicy.DEFAULT, GOOD, now.above(floor.raise(newer))))
          .isEqualTo("collateral-rollback");
    }
  }

  private static Evidence evidence(int evaluation, BigInteger root, BigInteger pck) {
    return new Evidence(evaluation, Instant.EPOCH, Instant.EPOCH, root, pck);
  }

  @Test
  void advisoriesAreAllowedOneByOneUntilADate() throws Exception {
    Verdict.Trusted two =
        trusted(p -> p.levels.set(0, TestCollateral.sgxLevel(8, 11, "UpToDate", "A", "B")));
    Circumstances now = Circumstances.admission(AT);
    assertThat(two.advisories()).containsExactly("A", "B");
    assertThat(appraised(policy(""), two, now)).isEqualTo("accepted");
    assertThat(appraised(policy(",\"advisories\":{}"), two, now)).isEqualTo("advisory");
    String allow = ",\"advisories\":{\"A\":\"%s\",\"B\":\"%s\"}";
    assertThat(appraised(policy(allow.formatted(AT.plusSeconds(1), AT.plusSeconds(1))), two, now))
        .isEqualTo("accepted");
    assertThat(appraised(policy(allow.formatted(AT.plusSeconds(1), AT)), two, now))
        .isEqualTo("advisory");
    assertThat(appraised(policy(",\"advisories\":{}"), GOOD, now)).isEqualTo("accepted");
  }

  @Test
  void numbersAndAgeHaveLimits() throws Exception {
    Circumstances now = Circumstances.admission(AT);
    assertThat(appraised(policy(",\"least_evaluation_number\":17"), GOOD, now))
        .isEqualTo("accepted");
    assertThat(appraised(policy(",\"least_evaluation_number\":18"), GOOD, now))
        .isEqualTo("evaluation-number");
    long age = Duration.between(TestPki.ISSUED, AT).toSeconds();
    assertThat(appraised(policy(",\"max_collateral_age_s\":" + age), GOOD, now))
        .isEqualTo("accepted");
    assertThat(appraised(policy(",\"max_collateral_age_s\":" + (age - 1)), GOOD, now))
        .isEqualTo("age");
    AppraisalPolicy aged = policy(",\"max_collateral_age_s\":" + age);
    assertThat(aged.appraise(GOOD, now)).isEqualTo(new Appraisal.Accepted(AT));
    assertThat(policy("").appraise(GOOD, now)).isEqualTo(new Appraisal.Accepted(TestPki.UNTIL));
  }

  @Test
  void theLowerEvaluationNumberAndTheOlderDateCount() {
    Verdict.Trusted mixed =
        trusted(p -> {
          p.qeEvaluation = 16;
          p.qeIssued = TestPki.ISSUED.minusSeconds(5);
        });
    assertThat(mixed.evidence().tcbEvaluationNumber()).isEqualTo(16);
    assertThat(mixed.evidence().issued()).isEqualTo(TestPki.ISSUED.minusSeconds(5));
    assertThat(trusted(p -> p.tcbEvaluation = 16).evidence().tcbEvaluationNumber()).isEqualTo(16);
    assertThat(trusted(p -> p.tcbIssued = TestPki.ISSUED.minusSeconds(5)).evidence().issued())
        .isEqualTo(TestPki.ISSUED.minusSeconds(5));
  }

  @Test
  void aVerdictHoldsUntilTheFirstOfItsPartsEnds() {
    for (Map.Entry<String, Consumer<TestPki>> one : ends(AT.plusSeconds(7)).entrySet()) {
      assertThat(trusted(one.getValue()).validUntil())
          .as(one.getKey())
          .isEqualTo(AT.plusSeconds(7));
    }
  }

  private static Map<String, Consumer<TestPki>> ends(Instant end) {
    return Map.of(
        "leaf", p -> p.leaf.until = end,
        "intermediate", p -> p.intermediate.until = end,
        "root", p -> p.root.until = end,
        "signer", p -> p.tcbSigner.until = end,
        "tcb info", p -> p.tcbUntil = end,
        "identity", p -> p.qeUntil = end,
        "root CRL", p -> p.rootCrl.until = end,
        "PCK CRL", p -> p.pckCrl.until = end);
  }
}
