package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.platform.Device;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.ReportBody;
import dev.reseal.wire.Hkdf;

/** One machine's device for one measurement; its quote is the report body, judged by SimJudge. */
final class SimDevice implements Device {
  private final Secret machine = Secret.own(Bytes.ascii("one machine").sha256().toArray());
  private final Bytes mrenclave;

  SimDevice(Bytes mrenclave) {
    this.mrenclave = mrenclave;
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
    return Report.over(body(reportData), Bytes.zeros(32), Secret.own(new byte[16])).encode();
  }

  private ReportBody body(Bytes reportData) {
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
    return new QuoteResult.Quote(body(reportData).encode());
  }

  @Override
  public void close() {
    machine.close();
  }
}
