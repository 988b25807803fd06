package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.TargetInfo;

/**
 * The device of an enclave that is nothing but an identity: no pages, no driver, no process. Keys,
 * reports and quotes are those of the machine.
 */
public record MachineDevice(Machine machine, EnclaveIdentity identity) implements ParsedDevice {
  @Override
  public Bytes mrenclave() {
    return identity.mrEnclave();
  }

  @Override
  public KeyResult egetkey(KeyRequest request) {
    return machine.cpu().egetkey(identity, request);
  }

  @Override
  public Report report(TargetInfo target, Bytes reportData) {
    return machine.cpu().report(identity, target, reportData);
  }

  @Override
  public QuoteResult quote(Bytes reportData) {
    return new QuoteResult.Quote(quoted(reportData));
  }

  /** The same; its quoting enclave is never away. */
  public Bytes quoted(Bytes reportData) {
    return machine.quoting().quote(identity.report(machine.cpu().tcb().cpuSvn(), reportData));
  }

  @Override
  public void close() {}
}
