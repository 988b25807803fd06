package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The committed vectors of our own PKI, under both providers. */
class VectorsTest {
  @Test
  void everyVectorHasItsVerdictUnderBothProviders() throws Exception {
    Map<String, CaseFiles.Vector> vectors = CaseFiles.read();
    assertThat(vectors.keySet()).isEqualTo(Cases.all().keySet());
    Optional<P256> corretto = P256.ofCorretto();
    List<P256> providers = new ArrayList<>(List.of(P256.ofJdk()));
    corretto.ifPresent(providers::add);
    List<String> wrong = new ArrayList<>();
    for (Map.Entry<String, CaseFiles.Vector> vector : vectors.entrySet()) {
      TestPki.Built built = vector.getValue().built();
      for (P256 p256 : providers) {
        Verifier verifier = Verifier.of(p256, TrustAnchors.ofPem(built.rootPem()));
        String have = EveryCheckTest.word(built.judged(verifier));
        if (!have.equals(vector.getValue().expected())) {
          wrong.add(vector.getKey() + " by " + p256.describe() + ": " + have);
        }
      }
    }
    assertThat(wrong).isEmpty();
  }
}
