package dev.reseal.proof;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.P256;
import dev.reseal.quote.QuoteBody;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.quote.Verdict;
import dev.reseal.quote.Verifier;
import dev.reseal.wire.Claims;
import dev.reseal.wire.WireException;
import java.time.Instant;

/** Quotes of a proof: under the given roots, with the collateral of the file, as of the commit. */
final class QuoteCheck {
  private final Verifier verifier;

  QuoteCheck(TrustAnchors roots) {
    this.verifier = Verifier.of(P256.fastest(), roots);
  }

  /** What a quote and its claims say. */
  record Quoted(Claims claims, Bytes mrenclave, long platformKind, Bytes platformId) {}

  Quoted check(ProofFile.Evidence evidence, Bytes encodedCollateral, Instant at) {
    Verdict.Trusted trusted =
        switch (verifier.verify(evidence.quote(), collateral(encodedCollateral), at)) {
          case Verdict.Trusted sound -> sound;
          case Verdict.Refused refused ->
              throw new Fault("evidence", refused.reason().word() + ": " + refused.detail());
        };
    QuoteBody.Enclave enclave =
        switch (trusted.body()) {
          case QuoteBody.Enclave sgx -> sgx;
          case QuoteBody.TrustDomain _ -> throw new Fault("evidence", "a TD, not an SGX enclave");
        };
    Fault.unless(
        enclave.reportData().equals(Claims.reportData(evidence.claims())),
        "claims",
        "are not those that the quote was made for");
    return new Quoted(
        claims(evidence.claims()),
        enclave.report().mrEnclave(),
        trusted.platform().kind().number(),
        trusted.platform().id());
  }

  private static Claims claims(Bytes encoded) {
    try {
      return Claims.decode(encoded);
    } catch (WireException refused) {
      throw new Fault("claims", String.valueOf(refused.getMessage()));
    }
  }

  private static Collateral collateral(Bytes encoded) {
    try {
      return EncodedCollateral.decode(encoded);
    } catch (WireException refused) {
      throw new Fault("collateral", String.valueOf(refused.getMessage()));
    }
  }
}
