package dev.reseal.quote;

/** Why there is no verdict: one word for each kind of check. */
public enum Reason {
  QUOTE_FORMAT("quote-format"),
  CERTIFICATION_DATA("certification-data"),
  QUOTE_SIGNATURE("quote-signature"),
  QE_REPORT_SIGNATURE("qe-report-signature"),
  QE_REPORT_DATA("qe-report-data"),
  QE_IDENTITY_MISMATCH("qe-identity-mismatch"),
  PCK_CHAIN("pck-chain"),
  UNTRUSTED_ROOT("untrusted-root"),
  PCK_REVOKED("pck-revoked"),
  CERTIFICATE_EXPIRED("certificate-expired"),
  CERTIFICATE_NOT_YET_VALID("certificate-not-yet-valid"),
  CRL("crl"),
  CRL_EXPIRED("crl-expired"),
  CRL_NOT_YET_VALID("crl-not-yet-valid"),
  COLLATERAL_MISSING("collateral-missing"),
  COLLATERAL_FORMAT("collateral-format"),
  COLLATERAL_CHAIN("collateral-chain"),
  COLLATERAL_EXPIRED("collateral-expired"),
  COLLATERAL_NOT_YET_VALID("collateral-not-yet-valid"),
  TCB_INFO_SIGNATURE("tcb-info-signature"),
  QE_IDENTITY_SIGNATURE("qe-identity-signature"),
  TCB_INFO_MISMATCH("tcb-info-mismatch"),
  TDX_MODULE_MISMATCH("tdx-module-mismatch"),
  TCB_NOT_RECOGNISED("tcb-not-recognised");

  private final String word;

  Reason(String word) {
    this.word = word;
  }

  public String word() {
    return word;
  }
}
