package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Map;
import java.util.stream.Stream;
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
}
