package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The committed vectors of our own PKI. */
class VectorsTest {
  private static final Map<String, CaseFiles.Vector> VECTORS = read();

  private static Map<String, CaseFiles.Vector> read() {
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

  /** With memory the same, the first time and the second. */
  @ParameterizedTest
  @MethodSource("names")
  void aVectorHasItsVerdict(String name) throws Exception {
    CaseFiles.Vector vector = java.util.Objects.requireNonNull(VECTORS.get(name));
    TestPki.Built built = vector.built();
    P256 p256 = P256.fastest();
    TrustAnchors anchors = TrustAnchors.ofPem(built.rootPem());
    Verdict plain = built.judged(Verifier.of(p256, anchors));
    assertThat(EveryCheckTest.word(plain)).isEqualTo(vector.expected());
    for (Verifier verifier :
        List.of(
            Verifier.remembering(p256, anchors), Verifier.rememberingAuthorities(p256, anchors))) {
      assertThat(built.judged(verifier)).isEqualTo(plain);
      assertThat(built.judged(verifier)).isEqualTo(plain);
    }
  }

  @Test
  void everyCaseIsAVectorAndHasItsVerdictByTheJdkToo() throws Exception {
    assertThat(VECTORS.keySet()).isEqualTo(Cases.all().keySet());
    List<String> wrong = new ArrayList<>();
    for (Map.Entry<String, CaseFiles.Vector> vector : VECTORS.entrySet()) {
      TestPki.Built built = vector.getValue().built();
      Verifier verifier = Verifier.of(P256.ofJdk(), TrustAnchors.ofPem(built.rootPem()));
      String have = EveryCheckTest.word(built.judged(verifier));
      if (!have.equals(vector.getValue().expected())) {
        wrong.add(vector.getKey() + ": " + have);
      }
    }
    assertThat(wrong).isEmpty();
  }
}
