package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.math.BigInteger;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** A denial says what there is, what is needed and which line of a policy would allow it. */
class DenialTest {
  private static final Instant AT = TestPki.AT;
  private static final Circumstances NOW = Circumstances.admission(AT);

  private final Verdict.Trusted good = AppraisalPolicyTest.trusted(p -> {});

  private static String detail(
      AppraisalPolicy policy, Verdict.Trusted verdict, Circumstances circumstances) {
    return switch (policy.appraise(verdict, circumstances)) {
      case Appraisal.Denied denied -> denied.detail();
      case Appraisal.Accepted accepted -> accepted.toString();
      case Appraisal.Graced graced -> graced.toString();
    };
  }

  private static AppraisalPolicy policy(String members) throws MalformedException {
    return PolicyFile.parse(Bytes.ascii("{\"version\":1," + members + "}"));
  }

  private static Verdict.Trusted level(String status, String... advisories) {
    return AppraisalPolicyTest.trusted(
        p -> p.levels.set(0, TestCollateral.sgxLevel(8, 11, status, advisories)));
  }

  @Test
  void aStatusNamesThoseThatAreAccepted() throws Exception {
    assertThat(detail(AppraisalPolicy.DEFAULT, level("OutOfDate"), NOW))
        .isEqualTo(
            "have OutOfDate, need SWHardeningNeeded, UpToDate;"
                + " would be allowed by \"OutOfDate\" in statuses");
    assertThat(detail(AppraisalPolicy.DEFAULT, level("Revoked"), NOW))
        .isEqualTo("have Revoked, need SWHardeningNeeded, UpToDate; would be allowed by no policy");
    assertThat(detail(policy("\"statuses\":[]"), good, NOW))
        .isEqualTo(
            "have UpToDate, need a status, but the policy accepts none;"
                + " would be allowed by \"UpToDate\" in statuses");
  }

  @Test
  void anAdvisorySaysUntilWhenItWasAllowed() throws Exception {
    Verdict.Trusted one = level("UpToDate", "A");
    String statuses = "\"statuses\":[\"UpToDate\"],\"advisories\":";
    String need = ", need only advisories that are listed and in date at " + AT;
    assertThat(detail(policy(statuses + "{}"), one, NOW))
        .isEqualTo("have A" + need + "; would be allowed by \"A\": INSTANT in advisories");
    assertThat(detail(policy(statuses + "{\"A\":\"%s\"}".formatted(AT)), one, NOW))
        .startsWith("have A, allowed until " + AT + need);
  }

  @Test
  void codeIsDescribedAsAPolicyWouldNameIt() throws Exception {
    AppraisalPolicy none = policy("\"statuses\":[\"UpToDate\"],\"measurements\":[]");
    String enclave =
        "{\"mrenclave\": \"%s\", \"isvprodid\": 1, \"least_isvsvn\": 2}"
            .formatted(Bytes.ascii("m").sha256());
    assertThat(detail(none, good, NOW))
        .isEqualTo(
            "have %s, need one that measurements names; would be allowed by %s in measurements"
                .formatted(enclave, enclave));
    String td = "{\"mrtd\": \"%s\"}".formatted(Bytes.ascii("td").sha256() + "00".repeat(16));
    assertThat(detail(none, AppraisalPolicyTest.trusted(p -> p.tdx(4)), NOW))
        .startsWith("have " + td + ", need");
  }

  @Test
  void olderCollateralIsComparedNumberByNumber() {
    Floor floor = new Floor(18, BigInteger.valueOf(8), BigInteger.valueOf(9), AT);
    assertThat(detail(AppraisalPolicy.DEFAULT, good, NOW.above(floor)))
        .isEqualTo(
            "have evaluation 17, root CRL 7, PCK CRL 7, issued %s, need at least evaluation 18,"
                    .formatted(TestPki.ISSUED)
                + " root CRL 8, PCK CRL 9, issued %s; would be allowed by newer collateral"
                    .formatted(AT));
  }

  private static Evidence evidence(int evaluation, int root, int pck, Instant issued) {
    return new Evidence(
        evaluation, issued, Instant.EPOCH, BigInteger.valueOf(root), BigInteger.valueOf(pck));
  }

  @Test
  void aFloorRisesNumberByNumberAndNeverSinks() {
    Floor floor = Floor.NONE.raise(evidence(3, 4, 5, AT));
    assertThat(floor).isEqualTo(new Floor(3, BigInteger.valueOf(4), BigInteger.valueOf(5), AT));
    assertThat(floor.raise(evidence(2, 3, 4, AT.minusSeconds(1)))).isEqualTo(floor);
    assertThat(floor.raise(evidence(3, 4, 5, AT.plusSeconds(1))).issued())
        .isEqualTo(AT.plusSeconds(1));
    assertThat(floor.raise(evidence(4, 4, 5, AT)).tcbEvaluationNumber()).isEqualTo(4);
  }

  @Test
  void collateralIssuedBeforeTheFloorIsOlder() {
    Floor same = Floor.NONE.raise(good.evidence());
    Floor later =
        new Floor(
            same.tcbEvaluationNumber(),
            same.rootCrlNumber(),
            same.pckCrlNumber(),
            same.issued().plusSeconds(1));
    assertThat(detail(AppraisalPolicy.DEFAULT, good, NOW.above(same))).startsWith("Accepted");
    assertThat(detail(AppraisalPolicy.DEFAULT, good, NOW.above(later))).startsWith("have");
  }

  @Test
  void anAgeBeyondTheEndOfTheEvidenceChangesNothing() throws Exception {
    AppraisalPolicy old = policy("\"statuses\":[\"UpToDate\"],\"max_collateral_age_s\":31536000");
    assertThat(old.appraise(good, NOW)).isEqualTo(new Appraisal.Accepted(good.validUntil()));
  }

  @Test
  void theReportDataOfATdIsCompared() {
    Verdict.Trusted td = AppraisalPolicyTest.trusted(p -> p.tdx(4));
    assertThat(detail(AppraisalPolicy.DEFAULT, td, NOW.expecting(Bytes.zeros(64))))
        .startsWith("Accepted");
    Bytes other = Bytes.concat(Bytes.zeros(63), Bytes.hex("01"));
    assertThat(detail(AppraisalPolicy.DEFAULT, td, NOW.expecting(other)))
        .isEqualTo(
            "have %s, need %s; would be allowed by no policy".formatted(Bytes.zeros(64), other));
  }
}
