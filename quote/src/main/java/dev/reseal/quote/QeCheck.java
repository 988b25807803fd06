package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.ReportBody;

/** Whether the enclave that signed a quote is Intel's quoting enclave and which level it has. */
final class QeCheck {
  private static final String WHAT = "QE report";
  private static final Reason MISMATCH = Reason.QE_IDENTITY_MISMATCH;

  private QeCheck() {}

  /** The attestation key is the one that the quoting enclave reported. */
  static void binding(Quote quote) throws Refusal {
    Bytes reported = quote.qeReport().slice(ReportBody.SIZE - 64, 64);
    Bytes expected =
        Bytes.concat(Bytes.sha256(quote.attestationKey(), quote.qeAuthData()), Bytes.zeros(32));
    Refusal.unless(
        reported.equals(expected),
        Reason.QE_REPORT_DATA,
        "QE report data",
        reported.toHex(),
        expected.toHex());
  }

  /** Every field that the identity pins. */
  static void identity(Quote quote, QeIdentity identity) throws Refusal {
    equal("identity id", identity.id(), quote.tee().identityId());
    ReportBody report = report(quote);
    equal(
        "MISCSELECT under mask",
        hex(report.miscSelect() & identity.miscSelectMask()),
        hex(identity.miscSelect()));
    equal(
        "ATTRIBUTES under mask",
        and(report.attributes().encode(), identity.attributesMask()).toHex(),
        identity.attributes().toHex());
    Refusal.unless(
        !report.attributes().has(Attributes.DEBUG),
        MISMATCH,
        WHAT,
        "a quoting enclave under DEBUG",
        "a production enclave");
    equal("MRSIGNER", report.mrSigner().toHex(), identity.mrSigner().toHex());
    equal(
        "ISVPRODID", Integer.toString(report.isvProdId()), Integer.toString(identity.isvProdId()));
  }

  static Judgement.Part level(Quote quote, QeIdentity identity) throws Refusal {
    int svn = report(quote).isvSvn();
    SvnLevel level =
        SvnLevel.select(identity.levels(), svn)
            .orElseThrow(() ->
                new Refusal(
                    Reason.TCB_NOT_RECOGNISED,
                    WHAT,
                    "ISVSVN " + svn,
                    "at least the lowest level of the QE identity"));
    return Judgement.Part.of(level, "QE level");
  }

  private static ReportBody report(Quote quote) throws Refusal {
    try {
      return Quote.report(quote.qeReport());
    } catch (MalformedException impossible) {
      throw Refusal.of(Reason.QUOTE_FORMAT, impossible);
    }
  }

  private static void equal(String field, String have, String need) throws Refusal {
    Refusal.unless(have.equals(need), MISMATCH, WHAT + ", " + field, have, need);
  }

  private static String hex(int value) {
    return "%08x".formatted(value);
  }

  private static Bytes and(Bytes value, Bytes mask) {
    byte[] all = value.toArray();
    for (int i = 0; i < all.length; i++) {
      all[i] &= mask.at(i);
    }
    return Bytes.wrap(all);
  }
}
