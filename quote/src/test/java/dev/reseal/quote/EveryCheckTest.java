package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

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
    Verifier plain = Verifier.of(P256.ofJdk(), anchors);
    Verifier remembering = Verifier.remembering(P256.ofJdk(), anchors);
    assertThat(word(built.judged(plain))).isEqualTo(one.expected());
    assertThat(word(built.judged(remembering))).isEqualTo(one.expected());
    assertThat(built.judged(remembering)).isEqualTo(built.judged(plain));
  }

  @Test
  void aRootThatIsNotPinnedProvesNothing() {
    TestPki.Built built = new TestPki().build();
    assertThat(word(built.judged(Verifier.of(P256.ofJdk(), TrustAnchors.INTEL))))
        .isEqualTo("untrusted-root");
  }

  static String word(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Trusted trusted -> trusted.status().word();
      case Verdict.Refused refused -> refused.reason().word();
    };
  }
}
