package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.platform.Device;
import dev.reseal.platform.PlatformException;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.ReportBody;
import dev.reseal.wire.Hkdf;

/** A device in memory: keys depend on every bit of the request, reports name one measurement. */
final class SoftDevice implements Device {
  private final Secret secret;
  private final Bytes mrenclave;
  boolean quotes = true;
  boolean gone;

  SoftDevice(String machine, Bytes mrenclave) {
    this.secret = Secret.own(Bytes.ascii(machine).sha256().toArray());
    this.mrenclave = mrenclave;
  }

  @Override
  public Bytes mrenclave() {
    return mrenclave;
  }

  @Override
  public KeyResult egetkey(Bytes keyRequest) {
    if (gone) {
      throw new PlatformException("egetkey", "told to be gone");
    }
    Bytes key = Hkdf.hmac(secret, Bytes.concat(mrenclave, keyRequest)).slice(0, 16);
    return new KeyResult.Key(Secret.own(key.toArray()));
  }

  @Override
  public Bytes report(Bytes targetInfo, Bytes reportData) {
    ReportBody body =
        new ReportBody(
            Bytes.hex("02020000000000000000000000000000"),
            0,
            Bytes.zeros(16),
            Attributes.PRODUCTION.with(Attributes.INIT),
            mrenclave,
            Bytes.zeros(32),
            Bytes.zeros(64),
            1,
            2,
            0,
            Bytes.zeros(16),
            reportData);
    return Report.over(body, Bytes.zeros(32), Secret.own(new byte[16])).encode();
  }

  @Override
  public QuoteResult quote(Bytes reportData) {
    return quotes
        ? new QuoteResult.Quote(report(Bytes.zeros(512), reportData))
        : new QuoteResult.Unavailable("told not to");
  }

  @Override
  public void close() {
    secret.close();
  }
}
