package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Machine;
import dev.reseal.platform.Device;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.TargetInfo;

/** The device of one enclave on an emulated machine, without a process around it. */
record MachineDevice(Machine machine, EnclaveIdentity identity) implements Device {
  @Override
  public Bytes mrenclave() {
    return identity.mrEnclave();
  }

  @Override
  public KeyResult egetkey(Bytes keyRequest) {
    try {
      return machine.cpu().egetkey(identity, KeyRequest.parse(keyRequest));
    } catch (MalformedException malformed) {
      throw new AssertionError(malformed);
    }
  }

  @Override
  public Bytes report(Bytes targetInfo, Bytes reportData) {
    try {
      return machine.cpu().report(identity, TargetInfo.parse(targetInfo), reportData).encode();
    } catch (MalformedException malformed) {
      throw new AssertionError(malformed);
    }
  }

  @Override
  public QuoteResult quote(Bytes reportData) {
    return new QuoteResult.Quote(
        machine.quoting().quote(identity.report(machine.cpu().tcb().cpuSvn(), reportData)));
  }

  @Override
  public void close() {}
}
