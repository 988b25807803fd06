package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.security.PublicKey;
import java.time.Instant;
import java.util.Optional;

/**
 * Judges DCAP quotes. A verdict is a function of the quote, the collateral, the pinned roots and
 * the instant: nothing is fetched, no clock is read. The order of the checks decides which of
 * several faults is named: quote format, collateral, PCK chain and CRLs, dates, quote, levels.
 *
 * <p>May be used by any number of threads at once.
 */
public final class Verifier {
  private final P256 p256;
  private final ChainRules rules;

  private Verifier(P256 p256, TrustAnchors anchors, Seen seen) {
    this.p256 = p256;
    this.rules = new ChainRules(new Signatures(p256, seen), anchors);
  }

  /** One that does all work anew each time. */
  public static Verifier of(P256 p256, TrustAnchors anchors) {
    return new Verifier(p256, anchors, Seen.nothing());
  }

  /**
   * One that remembers which signatures verified. Verdicts are the same as without memory: dates,
   * revocation and levels are always judged anew.
   */
  public static Verifier remembering(P256 p256, TrustAnchors anchors) {
    return new Verifier(p256, anchors, Seen.authoritiesAndPlatforms());
  }

  /** One that remembers the CAs but no platform: for many platforms that come once each. */
  public static Verifier rememberingAuthorities(P256 p256, TrustAnchors anchors) {
    return new Verifier(p256, anchors, Seen.authorities());
  }

  /** Judges {@code quote} from bytes, at {@code at}. */
  public Verdict verify(Bytes quote, Collateral collateral, Instant at) {
    try {
      Quote parsed = parse(quote);
      return judge(parsed, CheckedCollateral.check(collateral, rules), at);
    } catch (Refusal refusal) {
      return refusal.refused();
    }
  }

  /** Judges {@code quote} with collateral that {@link #check} has verified. */
  public Verdict verify(Bytes quote, CheckedCollateral collateral, Instant at) {
    try {
      return judge(parse(quote), collateral, at);
    } catch (Refusal refusal) {
      return refusal.refused();
    }
  }

  /** What became of collateral by itself. */
  public sealed interface Checked {
    /** Its signatures verify; use it with any number of quotes, under this verifier. */
    record Good(CheckedCollateral collateral) implements Checked {}

    /** They do not, or a part is missing or malformed. */
    record Bad(Verdict.Refused refused) implements Checked {}
  }

  /** Verifies the signatures of collateral once, for many quotes. */
  public Checked check(Collateral collateral) {
    try {
      return new Checked.Good(CheckedCollateral.check(collateral, rules));
    } catch (Refusal refusal) {
      return new Checked.Bad(refusal.refused());
    }
  }

  /** Whether collateral is in date by itself, without a platform's certificates. */
  public Optional<Verdict.Refused> current(CheckedCollateral collateral, Instant at) {
    try {
      ChainRules.inDate("root CRL", collateral.rootCrl(), at);
      ChainRules.inDate("PCK CRL", collateral.pckCrl(), at);
      collateral.current(at);
      return Optional.empty();
    } catch (Refusal refusal) {
      return Optional.of(refusal.refused());
    }
  }

  /**
   * Whether the PCK CRL is by that CA, as the issuer chain beside it shows. For those who fetch: a
   * verdict takes the issuer from the quote and needs no such chain.
   */
  public Optional<Verdict.Refused> pckCrlBy(Collateral collateral, Origin.Authority authority) {
    try {
      CheckedCollateral.pckCrlBy(collateral, authority, rules);
      return Optional.empty();
    } catch (Refusal refusal) {
      return Optional.of(refusal.refused());
    }
  }

  private static Quote parse(Bytes quote) throws Refusal {
    try {
      return Quote.parse(quote);
    } catch (MalformedException bad) {
      throw Refusal.of(Reason.QUOTE_FORMAT, bad);
    }
  }

  private Verdict judge(Quote quote, CheckedCollateral collateral, Instant at) throws Refusal {
    CertificationData certification = quote.certification();
    Refusal.unless(
        certification.type() == CertificationData.PCK_CHAIN,
        Reason.CERTIFICATION_DATA,
        "certification data",
        "type " + certification.type(),
        certification.needed());
    PckChain chain = PckChain.of(certification.data(), rules);
    collateral.under(chain.root());
    chain.current(collateral, rules, at);
    collateral.current(at);
    collateralIsForThis(quote, chain, collateral.tcbInfo());
    signatures(quote, chain, collateral.qeIdentity());
    Judgement judgement = Judgement.of(quote, chain, collateral);
    return new Verdict.Trusted(
        judgement.status(),
        judgement.advisories(),
        collateral.validUntil(chain.certificates()),
        quote.tee(),
        quote.version(),
        quote.body(),
        chain.platform(),
        collateral.evidence(judgement.tcbDate()));
  }

  private static void collateralIsForThis(Quote quote, PckChain chain, TcbInfo info)
      throws Refusal {
    mismatch("TEE", quote.tee().toString(), info.tee().toString());
    mismatch("FMSPC", chain.pck().fmspc().toHex(), info.fmspc().toHex());
    mismatch("PCE id", chain.pck().pceId().toHex(), info.pceId().toHex());
    if (quote.body() instanceof QuoteBody.TrustDomain td) {
      TdxModule.check(td.report(), info);
    }
  }

  private static void mismatch(String what, String have, String need) throws Refusal {
    Refusal.unless(
        have.equals(need),
        Reason.TCB_INFO_MISMATCH,
        what + " of the quote and of the TCB info",
        have,
        need);
  }

  private void signatures(Quote quote, PckChain chain, QeIdentity identity) throws Refusal {
    Refusal.unless(
        p256.verifies(chain.key(), quote.qeReport(), quote.qeReportSignature()),
        Reason.QE_REPORT_SIGNATURE,
        "QE report",
        "a signature that does not verify",
        "one by the platform's PCK key");
    QeCheck.binding(quote);
    QeCheck.identity(quote, identity);
    PublicKey key =
        p256.key(quote.attestationKey())
            .orElseThrow(() ->
                new Refusal(
                    Reason.QUOTE_FORMAT,
                    "attestation key",
                    quote.attestationKey().toHex(),
                    "a point of P-256"));
    Refusal.unless(
        p256.verifies(key, quote.signed(), quote.signature()),
        Reason.QUOTE_SIGNATURE,
        "quote",
        "a signature that does not verify",
        "one by the attestation key");
  }
}
