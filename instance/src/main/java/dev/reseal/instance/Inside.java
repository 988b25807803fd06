package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Device;
import dev.reseal.sealed.PlatformKeys;
import dev.reseal.sealed.SlotMaker;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.ReportBody;
import dev.reseal.sgx.TargetInfo;
import dev.reseal.wire.Code;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.HpkeInfo;
import java.util.Optional;

/** The device in the shape that the container layer takes. */
final class Inside implements PlatformKeys {
  private final Device device;

  Inside(Device device) {
    this.device = device;
  }

  @Override
  public Answer egetkey(Bytes keyRequest) {
    return switch (device.egetkey(keyRequest)) {
      case Device.KeyResult.Key(var key) -> new Answer.Key(key);
      case Device.KeyResult.Unsupported() -> new Answer.Unsupported();
      case Device.KeyResult.Failed failed ->
          switch (failed.error()) {
            case INVALID_CPUSVN, INVALID_ISVSVN -> new Answer.SvnAbove();
            case INVALID_ATTRIBUTE, INVALID_KEYNAME -> new Answer.Refused(failed.error().name());
          };
    };
  }

  Bytes quote(Bytes reportData) {
    return switch (device.quote(reportData)) {
      case Device.QuoteResult.Quote(Bytes quote) -> quote;
      case Device.QuoteResult.Unavailable(String detail) ->
          throw new RefusedException(Code.UNAVAILABLE, "no quote now: " + detail);
    };
  }

  /** Slots made by and for this platform's SVNs of now. */
  SlotMaker.Recipients recipients(
      HpkeInfo operation,
      Bytes instanceId,
      Bytes wrapKey,
      Optional<Bytes> transferKey,
      Essentials policy) {
    ReportBody own = own();
    return new SlotMaker.Recipients(
        operation, instanceId, wrapKey, transferKey, policy, own.cpuSvn(), own.isvSvn());
  }

  private ReportBody own() {
    try {
      Bytes report = device.report(Bytes.zeros(TargetInfo.SIZE), Bytes.zeros(64));
      return Report.parse(report).body();
    } catch (MalformedException broken) {
      throw new RefusedException(
          Code.PLATFORM_REFUSED, "the platform's report is malformed: " + broken.getMessage());
    }
  }
}
