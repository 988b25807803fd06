package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Device;
import dev.reseal.platform.PlatformException;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.TargetInfo;

/**
 * A device of this process: the bytes of a request are read here, what it means is the device's.
 */
interface ParsedDevice extends Device {
  KeyResult egetkey(KeyRequest request);

  Report report(TargetInfo target, Bytes reportData);

  @Override
  default KeyResult egetkey(Bytes keyRequest) {
    try {
      return egetkey(KeyRequest.parse(keyRequest));
    } catch (MalformedException malformed) {
      throw new PlatformException("egetkey", String.valueOf(malformed.getMessage()), malformed);
    }
  }

  @Override
  default Bytes report(Bytes targetInfo, Bytes reportData) {
    try {
      return report(TargetInfo.parse(targetInfo), reportData).encode();
    } catch (MalformedException malformed) {
      throw new PlatformException("report", String.valueOf(malformed.getMessage()), malformed);
    }
  }
}
