package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The committed vectors of our own PKI. */
class VectorsTest {
  private static final Map<String, CaseFiles.Vector> VECTORS = read();

  static Map<String, CaseFiles.Vector> read() {
    try {
      return CaseFiles.read();
    } catch (IOException unreadable) {
      throw new java.io.UncheckedIOException(unreadable);
    } catch (dev.reseal.sgx.MalformedException damaged) {
      throw new IllegalStateException(damaged);
    }
  }

  static Stream<String> names() {
    return VECTORS.keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void aVectorHasItsVerdict(String name) throws Exception {
    CaseFiles.Vector vector = java.util.Objects.requireNonNull(VECTORS.get(name));
    TestPki.Built built = vector.built();
    Verifier verifier = Verifier.of(P256.fastest(), TrustAnchors.ofPem(built.rootPem()));
    assertThat(EveryCheckTest.word(built.judged(verifier))).isEqualTo(vector.expected());
  }

  @Test
  void withMemoryEveryVerdictIsTheSameTheFirstTimeAndTheSecond() throws Exception {
    P256 p256 = P256.fastest();
    for (Map.Entry<String, CaseFiles.Vector> vector : VECTORS.entrySet()) {
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
}
