package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.ReportBody;

/** What the quoted thing is: an enclave or a TD. */
public sealed interface QuoteBody {
  /** The 64 bytes that the quoted code chose. */
  Bytes reportData();

  /**
   * An enclave.
   *
   * @param reservedClear whether all reserved bytes of the report are zero
   */
  record Enclave(ReportBody report, boolean reservedClear) implements QuoteBody {
    @Override
    public Bytes reportData() {
      return report.reportData();
    }
  }

  /** A TD. */
  record TrustDomain(TdReport report) implements QuoteBody {
    @Override
    public Bytes reportData() {
      return report.reportData();
    }
  }
}
