package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.platform.Device;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.ReportBody;
import dev.reseal.wire.Hkdf;
import java.util.function.BooleanSupplier;

/** One machine's device for one measurement; its quote is the report body, judged by the world. */
final class DeviceNode implements Device {
  private final Secret machine = Secret.own(Bytes.ascii("one machine").sha256().toArray());
  private final Bytes mrenclave;
  private final BooleanSupplier quotes;

  DeviceNode(Bytes mrenclave, BooleanSupplier quotes) {
    this.mrenclave = mrenclave;
    this.quotes = quotes;
  }

  @Override
  public Bytes mrenclave() {
    return mrenclave;
  }

  @Override
  public KeyResult egetkey(Bytes keyRequest) {
    Bytes key = Hkdf.hmac(machine, Bytes.concat(mrenclave, keyRequest)).slice(0, 16);
    return new KeyResult.Key(Secret.own(key.toArray()));
  }

  @Override
  public Bytes report(Bytes targetInfo, Bytes reportData) {
    return Report.over(body(mrenclave, reportData), Bytes.zeros(32), Secret.own(new byte[16]))
        .encode();
  }

  /** What evidence of this measurement looks like here, also when somebody else makes it. */
  static ReportBody body(Bytes mrenclave, Bytes reportData) {
    return new ReportBody(
        Bytes.hex("02020000000000000000000000000000"),
        0,
        Bytes.zeros(16),
        Attributes.PRODUCTION.with(Attributes.INIT),
        mrenclave,
        Bytes.zeros(32),
        Bytes.zeros(64),
        1,
        1,
        0,
        Bytes.zeros(16),
        reportData);
  }

  @Override
  public QuoteResult quote(Bytes reportData) {
    return quotes.getAsBoolean()
        ? new QuoteResult.Quote(body(mrenclave, reportData).encode())
        : new QuoteResult.Unavailable("the quote provider is down");
  }

  @Override
  public void close() {
    machine.close();
  }
}
