package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.ReportBody;

/** Which code a policy allows. */
public sealed interface Measurement {
  boolean allows(QuoteBody body);

  /** One build of an enclave, from a security version on. */
  record Enclave(Bytes mrEnclave, int isvProdId, int leastIsvSvn) implements Measurement {
    @Override
    public boolean allows(QuoteBody body) {
      return body instanceof QuoteBody.Enclave enclave
          && enclave.report().mrEnclave().equals(mrEnclave)
          && product(enclave.report(), isvProdId, leastIsvSvn);
    }
  }

  /** Every enclave of a signer's product, from a security version on: never the signer alone. */
  record Signer(Bytes mrSigner, int isvProdId, int leastIsvSvn) implements Measurement {
    @Override
    public boolean allows(QuoteBody body) {
      return body instanceof QuoteBody.Enclave enclave
          && enclave.report().mrSigner().equals(mrSigner)
          && product(enclave.report(), isvProdId, leastIsvSvn);
    }
  }

  /** A TD by its initial content. */
  record TrustDomain(Bytes mrTd) implements Measurement {
    @Override
    public boolean allows(QuoteBody body) {
      return body instanceof QuoteBody.TrustDomain td && td.report().mrTd().equals(mrTd);
    }
  }

  private static boolean product(ReportBody report, int isvProdId, int leastIsvSvn) {
    return report.isvProdId() == isvProdId && report.isvSvn() >= leastIsvSvn;
  }
}
