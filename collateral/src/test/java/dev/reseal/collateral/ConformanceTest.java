package dev.reseal.collateral;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.collateral.Vectors.Case;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.P256;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.quote.Verdict;
import dev.reseal.quote.Verifier;
import dev.reseal.sgx.MalformedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every shared quote, judged at its instant: genuine ones, derived ones, ones without collateral.
 */
@Tag("conformance")
class ConformanceTest {
  private static final int GENUINE = 31;
  private static final int DERIVED = 226;

  private final Verifier jdk = Verifier.of(P256.ofJdk(), TrustAnchors.INTEL);
  private final Verifier remembering = Verifier.remembering(P256.fastest(), TrustAnchors.INTEL);

  @TempDir private Path folder;
  private Vectors vectors;

  @BeforeEach
  void find() {
    vectors = Vectors.present();
  }

  @Test
  void everyGenuineQuoteHasItsVerdict() throws Exception {
    List<Case> cases = vectors.genuine();
    assertThat(cases).hasSize(GENUINE);
    assertThat(told("genuine quotes with collateral", cases)).isEmpty();
  }

  @Test
  void everyDerivedCaseHasItsVerdict() throws Exception {
    List<Case> cases = vectors.derived();
    assertThat(cases).hasSize(DERIVED);
    assertThat(told("derived cases", cases)).isEmpty();
  }

  @Test
  void withoutCollateralThereIsNoStatusWord() throws Exception {
    List<Path> all = vectors.quotesOnly();
    assertThat(all).hasSize(5);
    for (Path one : all) {
      Bytes quote = Bytes.wrap(Files.readAllBytes(one.resolve("quote.bin")));
      Verdict verdict = jdk.verify(quote, new Collateral(Map.of()), Instant.EPOCH);
      assertThat(word(verdict)).startsWith("Refused collateral-missing");
    }
  }

  private List<String> told(String set, List<Case> cases) throws IOException, MalformedException {
    List<String> wrong = wrong(cases);
    System.out.printf("conformance: %d %s, %d deviations%n", cases.size(), set, wrong.size());
    return wrong;
  }

  private List<String> wrong(List<Case> cases) throws IOException, MalformedException {
    List<String> wrong = new ArrayList<>();
    for (Case one : cases) {
      Collateral collateral = load(one);
      for (Verifier verifier : List.of(jdk, remembering, remembering)) {
        Verdict verdict = verifier.verify(one.quote(), collateral, one.at());
        if (!fits(one, verdict)) {
          wrong.add(one + ": " + word(verdict) + ", expected " + one.verdicts() + one.reasons());
        }
      }
    }
    return wrong;
  }

  private static boolean fits(Case one, Verdict verdict) {
    return switch (verdict) {
      case Verdict.Trusted trusted ->
          one.verdicts().contains(trusted.status().word())
              && (one.advisories().isEmpty() || trusted.advisories().equals(one.advisories()))
              && !trusted.validUntil().isBefore(one.at());
      case Verdict.Refused refused ->
          one.verdicts().contains("Refused")
              && (one.reasons().isEmpty() || one.reasons().contains(refused.reason().word()));
    };
  }

  private Collateral load(Case one) throws IOException, MalformedException {
    Path place = Files.createTempDirectory(folder, "collateral");
    for (Map.Entry<String, Bytes> file : one.files().entrySet()) {
      if (file.getKey().startsWith("collateral/")) {
        Files.write(
            place.resolve(file.getKey().substring("collateral/".length())),
            file.getValue().toArray());
      }
    }
    return CollateralFiles.load(place);
  }

  private static String word(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Trusted trusted -> trusted.status().word() + trusted.advisories();
      case Verdict.Refused refused ->
          "Refused " + refused.reason().word() + " (" + refused.detail() + ")";
    };
  }
}
