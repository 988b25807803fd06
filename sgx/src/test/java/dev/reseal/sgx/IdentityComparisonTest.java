package dev.reseal.sgx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class IdentityComparisonTest {
  private static final EnclaveIdentity OLD = identity("aa", "51", Attributes.INIT, 7, 3, "00");

  @Test
  void anIdentityIsTheSameAsItself() {
    IdentityComparison comparison = IdentityComparison.of(OLD, OLD);
    assertThat(comparison.differences()).isEmpty();
    assertThat(comparison.consequences()).hasSize(6).allMatch(c -> c.works());
  }

  @Test
  void anUpgradeBreaksWhatNamesTheMeasurement() {
    EnclaveIdentity upgraded = identity("bb", "51", Attributes.INIT, 7, 4, "00");
    IdentityComparison comparison = IdentityComparison.of(OLD, upgraded);
    assertThat(fields(comparison)).containsExactly("MRENCLAVE", "ISVSVN");
    assertThat(broken(comparison))
        .isEqualTo(
            Map.of(
                "data sealed by the first under MRENCLAVE",
                "MRENCLAVE",
                "data sealed by the second under MRENCLAVE, in the first",
                "MRENCLAVE, ISVSVN 4 above 3",
                "data sealed by the second under MRSIGNER, in the first",
                "ISVSVN 4 above 3",
                "quotes compared by MRENCLAVE",
                "MRENCLAVE"));
  }

  @Test
  void anotherSignerProductOrLowerVersionBreaksQuotesBySigner() {
    String use = "quotes compared by MRSIGNER, ISVPRODID and a floor of the first's ISVSVN";
    assertThat(broken(to(identity("aa", "52", Attributes.INIT, 7, 3, "00"))))
        .containsEntry(use, "MRSIGNER");
    assertThat(broken(to(identity("aa", "51", Attributes.INIT, 8, 3, "00"))))
        .containsEntry(use, "ISVPRODID");
    assertThat(broken(to(identity("aa", "51", Attributes.INIT, 7, 2, "00"))))
        .containsEntry(use, "ISVSVN 2 below 3");
  }

  @Test
  void whereOnlyMeasurementsAreKnownNothingElseIsClaimed() {
    Bytes one = Bytes.hex("aa".repeat(32));
    IdentityComparison same = IdentityComparison.ofMeasurements(one, one);
    assertThat(same.differences()).isEmpty();
    assertThat(same.consequences())
        .extracting(IdentityComparison.Consequence::use)
        .containsExactly(
            "a SIGSTRUCT for the first, at EINIT of the second", "quotes compared by MRENCLAVE");
    IdentityComparison other = IdentityComparison.ofMeasurements(one, Bytes.zeros(32));
    assertThat(fields(other)).containsExactly("MRENCLAVE");
    assertThat(broken(other))
        .hasSize(3)
        .containsEntry("data sealed by either under MRENCLAVE, in the other", "MRENCLAVE");
  }

  @Test
  void debugBreaksSealedDataUnderEveryPolicy() {
    assertThat(broken(to(identity("aa", "51", Attributes.INIT | Attributes.DEBUG, 7, 3, "00"))))
        .containsEntry("data sealed by the first under MRENCLAVE", "DEBUG")
        .containsEntry("data sealed by the first under MRSIGNER", "DEBUG");
  }

  @Test
  void theSdkDefaultUnderKssBindsTheConfiguration() {
    long kss = Attributes.INIT | Attributes.KSS;
    IdentityComparison comparison =
        IdentityComparison.of(
            identity("aa", "51", kss, 7, 3, "00"), identity("aa", "51", kss, 7, 3, "cc"));
    assertThat(broken(comparison))
        .containsEntry("data sealed by the first, SDK default", "CONFIGID")
        .doesNotContainKey("data sealed by the first under MRSIGNER");
  }

  @Test
  void everyFieldThatDiffersIsListedInOrder() {
    EnclaveIdentity other =
        new EnclaveIdentity(
            Bytes.hex("01".repeat(32)),
            Bytes.hex("02".repeat(32)),
            Attributes.NONE,
            1,
            9,
            9,
            Bytes.hex("03".repeat(64)),
            1,
            Bytes.hex("04".repeat(16)),
            Bytes.hex("05".repeat(16)));
    assertThat(fields(to(other)))
        .containsExactly(
            "MRENCLAVE",
            "MRSIGNER",
            "ISVPRODID",
            "ISVSVN",
            "ATTRIBUTES",
            "MISCSELECT",
            "CONFIGID",
            "CONFIGSVN",
            "ISVFAMILYID",
            "ISVEXTPRODID");
    assertThat(to(other).differences().get(5))
        .isEqualTo(new IdentityComparison.Difference("MISCSELECT", "0x0", "0x1"));
  }

  private static IdentityComparison to(EnclaveIdentity other) {
    return IdentityComparison.of(OLD, other);
  }

  private static List<String> fields(IdentityComparison comparison) {
    return comparison.differences().stream().map(IdentityComparison.Difference::field).toList();
  }

  private static Map<String, String> broken(IdentityComparison comparison) {
    Function<IdentityComparison.Consequence, String> use = IdentityComparison.Consequence::use;
    return comparison.consequences().stream()
        .filter(consequence -> !consequence.works())
        .collect(Collectors.toMap(use, IdentityComparison.Consequence::reason));
  }

  private static EnclaveIdentity identity(
      String mrEnclave, String mrSigner, long flags, int prodId, int svn, String configId) {
    return new EnclaveIdentity(
        Bytes.hex(mrEnclave.repeat(32)),
        Bytes.hex(mrSigner.repeat(32)),
        new Attributes(flags, 3),
        0,
        prodId,
        svn,
        Bytes.hex(configId.repeat(64)),
        0,
        Bytes.zeros(16),
        Bytes.zeros(16));
  }
}
