package dev.reseal.attack;

import dev.reseal.bytes.Bytes;
import dev.reseal.collateral.CollateralFiles;
import dev.reseal.quote.P256;
import dev.reseal.quote.Quote;
import dev.reseal.quote.QuoteBody;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.quote.Verdict;
import dev.reseal.quote.Verifier;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.ReportBody;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.VerifyKey;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Set;

/**
 * Plain RA-TLS, done with a good library: the quote verifies up to the right root, the signer is
 * the right one, the report binds the key of the handshake. Nobody looks at attributes, TCB status,
 * lineage, or at what happened since.
 */
final class NaiveRelyingParty {
  private final Verifier verifier;
  private final Path collateral;

  NaiveRelyingParty(Bytes root, Path collateral) {
    this.verifier = Verifier.of(P256.ofJdk(), TrustAnchors.ofKeys(Set.of(root)));
    this.collateral = collateral;
  }

  boolean accepts(Bytes quote, VerifyKey key) {
    return genuine(quote)
        && report(quote).mrSigner().equals(Enclave.SIGNER)
        && report(quote).reportData().equals(NaiveEnclave.reportData(key.spki()));
  }

  /** Whether the library says that the quote is genuine; its status is not looked at. */
  boolean genuine(Bytes quote) {
    try {
      return verifier.verify(quote, CollateralFiles.load(collateral), Instant.now())
          instanceof Verdict.Trusted;
    } catch (IOException | MalformedException unreadable) {
      throw new IllegalStateException(unreadable);
    }
  }

  /** One without a library: whatever key the quote carries signed it, so it must be right. */
  static boolean signedBySomebody(Bytes encoded) {
    Quote quote = parse(encoded);
    Bytes prefix = SigningKey.generate(Randomness.system()).verifyKey().spki().slice(0, 27);
    VerifyKey key = new VerifyKey(Bytes.concat(prefix, quote.attestationKey()));
    return key.verifies(quote.signed(), quote.signature());
  }

  static ReportBody report(Bytes encoded) {
    return switch (parse(encoded).body()) {
      case QuoteBody.Enclave(ReportBody report, _) -> report;
      case QuoteBody.TrustDomain _ -> throw new IllegalStateException("a trust domain");
    };
  }

  private static Quote parse(Bytes encoded) {
    try {
      return Quote.parse(encoded);
    } catch (MalformedException malformed) {
      throw new IllegalStateException(malformed);
    }
  }
}
