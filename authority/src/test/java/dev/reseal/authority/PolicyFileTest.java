package dev.reseal.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.AppraisalPolicy;
import dev.reseal.quote.TcbStatus;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The policy file: what it means, and that everything else is refused with its line. */
class PolicyFileTest {
  private static final String ROOT = "ab".repeat(32);
  private static final String BASE =
      """
      {"version": 1, "lineages": [{
        "name": "customers",
        "lineage": "00112233445566778899aabbccddeeff",
        "env": "demo", "binding": "enclave", "recovery": "none",
        "rpo_updates": 64, "state_max": 268435456, "purposes": ["records"],
        "platforms": [{"kind": "emulated", "root_spki_sha256": "ROOT"}]
      }]}
      """
          .replace("ROOT", ROOT);

  private static Bytes bytes(String text) {
    return Bytes.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Policy parse(String text) {
    return PolicyFile.parse(bytes(text)).getFirst();
  }

  private static String with(String from, String to) {
    assertThat(BASE).contains(from);
    return BASE.replace(from, to);
  }

  @Test
  void defaultsAreThoseOf232AndEmptyListsDeny() {
    Policy policy = parse(BASE);
    assertThat(policy.dials()).isEqualTo(new Policy.Dials(120_000, 5_000, 600, 8, 60, 10, 900));
    assertThat(policy.dials().lowered()).isEmpty();
    assertThat(policy.allowed()).isEmpty();
    assertThat(policy.operators()).isEmpty();
    assertThat(policy.essentials().rpoUpdates()).contains(64L);
    assertThat(Essentials.decode(policy.essentials().encode())).isEqualTo(policy.essentials());
  }

  @Test
  void aFileThatChangedIsParsedAnewAndTheSameOneIsNot() {
    ParsedPolicies policies = new ParsedPolicies();
    Bytes lineage = Bytes.hex("00112233445566778899aabbccddeeff");
    Bytes first = bytes(BASE);
    Bytes second = bytes(with("\"rpo_updates\": 64", "\"rpo_updates\": 65"));
    Policy parsed = policies.of(first, lineage);
    assertThat(parsed.essentials().rpoUpdates()).contains(64L);
    assertThat(policies.of(Bytes.of(first.toArray()), lineage)).isSameAs(parsed);
    assertThat(policies.of(second, lineage).essentials().rpoUpdates()).contains(65L);
    assertThat(policies.of(first, lineage).essentials().rpoUpdates()).contains(64L);
    assertThatThrownBy(() -> policies.of(first, Bytes.zeros(16)))
        .isInstanceOf(PolicyException.class);
  }

  @Test
  void howGoodEvidenceMustBeIsTheLineagesChoice() {
    assertThat(parse(BASE).appraisal().statuses()).isEqualTo(AppraisalPolicy.DEFAULT.statuses());
    assertThat(parse(BASE).appraisal().grace()).isZero();
    String tcb =
        """
        "tcb": {"statuses": ["UpToDate", "OutOfDate"], "advisories": {"A": "2027-01-01T00:00:00Z"},
          "least_evaluation_number": 17, "max_collateral_age_s": 604800, "grace_s": 86400}, "env"\
        """;
    AppraisalPolicy policy = parse(with("\"env\"", tcb)).appraisal();
    assertThat(policy.statuses())
        .containsExactlyInAnyOrder(TcbStatus.UP_TO_DATE, TcbStatus.OUT_OF_DATE);
    assertThat(policy.advisories()).contains(Map.of("A", Instant.parse("2027-01-01T00:00:00Z")));
    assertThat(policy.leastEvaluationNumber()).isEqualTo(17);
    assertThat(policy.maxCollateralAge()).contains(Duration.ofDays(7));
    assertThat(policy.grace()).isEqualTo(Duration.ofDays(1));
    assertThat(policy.platforms().orElseThrow()).hasSize(1);
    assertThat(
            parse(with("\"env\"", "\"tcb\": {\"statuses\": []}, \"env\"")).appraisal().statuses())
        .isEmpty();
  }

  @Test
  void whatNoRowCouldHoldIsRefused() {
    String many =
        IntStream.range(0, 64).mapToObj("\"%064d\""::formatted).collect(Collectors.joining(", "));
    assertThatThrownBy(() -> parse(with("\"records\"", many)))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("line 5, lineages.purposes")
        .hasMessageContaining("more than 4096");
    assertThatThrownBy(() -> parse(with("\"records\"", "\"\\ud800\"")))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("line 5")
        .hasMessageContaining("half of a surrogate pair");
  }

  @Test
  void nullIsAnUnboundedRpo() {
    assertThat(
            parse(with("\"rpo_updates\": 64", "\"rpo_updates\": null")).essentials().rpoUpdates())
        .isEmpty();
  }

  @ParameterizedTest(name = "{0} = {1}")
  @CsvSource({
    "life_ms, 1999", "life_ms, 3600001", "skew_ms, 199", "skew_ms, 60001",
    "rekey_grace_s, 1", "max_grants, 0", "max_grants, 1001", "grant_interval_s, 0",
    "nonce_rate, 1001", "permit_s, 9", "permit_s, 901"
  })
  void dialsBeyondTheirRangeAreRefused(String field, long value) {
    String text = with("\"env\"", "\"" + field + "\": " + value + ",\n\"env\"");
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("line 4, lineages." + field);
  }

  @Test
  void onlyDemoMayLowerAndItIsListed() {
    Policy policy = parse(with("\"env\"", "\"life_ms\": 2000, \"skew_ms\": 200, \"env\""));
    assertThat(policy.dials().lowered()).containsExactly("life_ms=2000", "skew_ms=200");
    String prod =
        with("\"env\": \"demo\"", "\"life_ms\": 2000, \"env\": \"prod\"")
            .replace("\"emulated\"", "\"sgx\"")
            .replace(ROOT, TrustAnchors.INTEL_KEY.toHex());
    assertThatThrownBy(() -> parse(prod)).hasMessageContaining("life_ms");
    assertThat(parse(prod.replace("2000", "30000")).demo()).isFalse();
  }

  @Test
  void t31ProdCannotNameAnEmulatedRootAndDemoCannotNameIntels() {
    assertThatThrownBy(() -> parse(with("\"demo\"", "\"prod\"")))
        .hasMessageContaining("prod")
        .hasMessageContaining("emulated");
    assertThatThrownBy(() -> parse(with("\"emulated\"", "\"sgx\""))).hasMessageContaining("demo");
    String other = with("\"demo\"", "\"prod\"").replace("\"emulated\"", "\"sgx\"");
    assertThatThrownBy(() -> parse(other)).hasMessageContaining("no other counts");
  }

  @Test
  void rpoZeroIsForSmallStates() {
    String zero = with("\"rpo_updates\": 64", "\"rpo_updates\": 0");
    assertThatThrownBy(() -> parse(zero)).hasMessageContaining("rpo_updates");
    assertThat(parse(zero.replace("268435456", "4194304")).essentials().rpoUpdates()).contains(0L);
  }

  @Test
  void bindingNoneNeedsTheAuthoritysSlot() {
    String none = with("\"enclave\"", "\"none\"");
    assertThatThrownBy(() -> parse(none)).hasMessageContaining("recovery");
    assertThat(parse(none.replace("\"recovery\": \"none\"", "\"recovery\": \"authority\"")))
        .isNotNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"surprise\": 1,",
        "\"name\": \"twice\",",
        "\"life_ms\": 2000.5,",
        "\"life_ms\": true,",
        "\"life_ms\": \"2000\",",
        "\"operators\": [\"ab\"],",
        "\"allowed\": [{}],",
        "\"supervisors\": [{\"key\": \"ab\", \"may\": []}],",
        "\"approvals\": {\"upgrade\": {\"least\": 1, \"of\": []}},",
        "\"approvals\": {\"fly\": {\"least\": 1, \"of\": []}},",
        "\"misc_mask\": -1,",
        "\"tcb\": [],",
        "\"tcb\": {\"statuses\": [\"Revoked\"]},",
        "\"tcb\": {\"statuses\": [\"Fine\"]},",
        "\"tcb\": {\"statuses\": \"UpToDate\"},",
        "\"tcb\": {\"advisories\": {\"INTEL-SA-00615\": \"soon\"}},",
        "\"tcb\": {\"advisories\": []},",
        "\"tcb\": {\"grace_s\": 7776001},",
        "\"tcb\": {\"max_collateral_age_s\": 59},",
        "\"tcb\": {\"least_evaluation_number\": -1},",
        "\"tcb\": {\"allow_debug\": true},",
        "\"attribute_mask\": \"00000000000000000000000000000000\","
      })
  void whatIsNotAPolicyIsRefusedWithItsLine(String field) {
    String text = with("\"env\"", field + "\n\"env\"");
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(PolicyException.class)
        .hasMessageMatching("line \\d+.*");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "[]", "{}", "{\"version\": 2, \"lineages\": []}", "{\"version\": 1}", "{"})
  void anEmptyOrForeignFileIsRefused(String text) {
    assertThatThrownBy(() -> parse(text)).isInstanceOf(PolicyException.class);
  }

  @Test
  void supervisorsMayAskForThreeKindsOnly() {
    String key =
        "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277037d"
            + "812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
    String may = "\"supervisors\": [{\"key\": \"" + key + "\", \"may\": [\"%s\"]}], \"env\"";
    for (String kind : List.of("takeover", "abort", "retire")) {
      assertThat(parse(with("\"env\"", may.formatted(kind))).supervisors().getFirst().may())
          .containsExactly(Kind.named(kind));
    }
    assertThatThrownBy(() -> parse(with("\"env\"", may.formatted("close"))))
        .hasMessageContaining("close");
  }
}
