package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.sgx.MalformedException;
import java.util.EnumMap;
import java.util.Map;

/** A good quote, and what becomes of it once one thing about it is replaced. */
record GoodQuote(TestPki.Built built, Verifier verifier, Verdict expected) {
  static GoodQuote build() throws MalformedException {
    TestPki.Built built = new TestPki().build();
    Verifier verifier = Verifier.remembering(P256.fastest(), TrustAnchors.ofPem(built.rootPem()));
    Verdict expected = built.judged(verifier);
    assertThat(expected).isInstanceOf(Verdict.Trusted.class);
    return new GoodQuote(built, verifier, expected);
  }

  Bytes quote() {
    return built.quote();
  }

  Bytes part(Part part) {
    return built.collateral().part(part).orElseThrow();
  }

  Verdict judged(Bytes quote) {
    return verifier.verify(quote, built.collateral(), built.at());
  }

  Verdict judged(Part part, Bytes content) {
    Map<Part, Bytes> parts = new EnumMap<>(built.collateral().parts());
    parts.put(part, content);
    return verifier.verify(built.quote(), new Collateral(parts), built.at());
  }
}
