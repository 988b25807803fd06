package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Device;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.TargetInfo;
import java.util.function.BooleanSupplier;

/**
 * An enclave's device whose quote is the body of its report, judged by the world: signing and
 * verifying quotes has its own tests.
 *
 * @param quotes whether the quote provider answers now
 */
record DeviceNode(Device enclave, BooleanSupplier quotes) implements Device {
  @Override
  public Bytes mrenclave() {
    return enclave.mrenclave();
  }

  @Override
  public KeyResult egetkey(Bytes keyRequest) {
    return enclave.egetkey(keyRequest);
  }

  @Override
  public Bytes report(Bytes targetInfo, Bytes reportData) {
    return enclave.report(targetInfo, reportData);
  }

  @Override
  public QuoteResult quote(Bytes reportData) {
    if (!quotes.getAsBoolean()) {
      return new QuoteResult.Unavailable("the quote provider is down");
    }
    Bytes report = report(Bytes.zeros(TargetInfo.SIZE), reportData);
    try {
      return new QuoteResult.Quote(Report.parse(report).body().encode());
    } catch (MalformedException malformed) {
      throw new IllegalStateException(malformed);
    }
  }

  @Override
  public void close() {
    enclave.close();
  }
}
