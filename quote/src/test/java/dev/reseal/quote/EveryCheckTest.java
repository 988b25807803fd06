package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One case for each check: remove the check and its case turns red. */
@Execution(ExecutionMode.CONCURRENT)
class EveryCheckTest {
  static Stream<Cases.Case> cases() {
    return Cases.all().values().stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void oneFaultAtATimeIsNamed(Cases.Case one) throws Exception {
    TestPki.Built built = one.build();
    TrustAnchors anchors = TrustAnchors.ofPem(built.rootPem());
    Verdict verdict = built.judged(Verifier.of(P256.ofJdk(), anchors));
    assertThat(word(verdict)).isEqualTo(one.expected());
    Verifier remembering = Verifier.remembering(P256.fastest(), anchors);
    assertThat(built.judged(remembering)).isEqualTo(verdict);
    assertThat(built.judged(remembering)).isEqualTo(verdict);
  }

  @Test
  void aRootThatIsNotPinnedProvesNothing() {
    TestPki.Built built = new TestPki().build();
    assertThat(word(built.judged(Verifier.of(P256.ofJdk(), TrustAnchors.INTEL))))
        .isEqualTo("untrusted-root");
  }

  @Test
  void everyCaseIsAVectorAndHasItsVerdictByTheJdkToo() throws Exception {
    Map<String, CaseFiles.Vector> vectors = VectorsTest.read();
    assertThat(vectors.keySet()).isEqualTo(Cases.all().keySet());
    List<String> wrong = new ArrayList<>();
    for (Map.Entry<String, CaseFiles.Vector> vector : vectors.entrySet()) {
      TestPki.Built built = vector.getValue().built();
      Verifier verifier = Verifier.of(P256.ofJdk(), TrustAnchors.ofPem(built.rootPem()));
      String have = word(built.judged(verifier));
      if (!have.equals(vector.getValue().expected())) {
        wrong.add(vector.getKey() + ": " + have);
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void withMemoryEveryVerdictIsTheSameTheFirstTimeAndTheSecond() throws Exception {
    P256 p256 = P256.fastest();
    for (Map.Entry<String, CaseFiles.Vector> vector : VectorsTest.read().entrySet()) {
      TestPki.Built built = vector.getValue().built();
      TrustAnchors anchors = TrustAnchors.ofPem(built.rootPem());
      Verdict plain = built.judged(Verifier.of(p256, anchors));
      for (Verifier verifier :
          List.of(
              Verifier.remembering(p256, anchors),
              Verifier.rememberingAuthorities(p256, anchors))) {
        assertThat(built.judged(verifier)).as(vector.getKey()).isEqualTo(plain);
        assertThat(built.judged(verifier)).as(vector.getKey()).isEqualTo(plain);
      }
    }
  }

  static String word(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Trusted trusted -> trusted.status().word();
      case Verdict.Refused refused -> refused.reason().word();
    };
  }
}
