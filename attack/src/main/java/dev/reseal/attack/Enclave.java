package dev.reseal.attack;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Machine;
import dev.reseal.platform.Device;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.TargetInfo;

/** The device of one enclave on an emulated machine, without a process around it. */
record Enclave(Machine machine, EnclaveIdentity identity) implements Device {
  /** The measurement of the image that all policies here name, in ISVPRODID 1, ISVSVN 2. */
  static final Bytes IMAGE = Bytes.ascii("the admitted image").sha256();

  static final Bytes SIGNER = Bytes.ascii("its signer").sha256();

  static EnclaveIdentity admitted() {
    return of(IMAGE, Attributes.PRODUCTION.with(Attributes.INIT), 2);
  }

  static EnclaveIdentity of(Bytes image, Attributes attributes, int isvSvn) {
    Bytes none = Bytes.zeros(16);
    return new EnclaveIdentity(
        image, SIGNER, attributes, 0, 1, isvSvn, Bytes.zeros(64), 0, none, none);
  }

  @Override
  public Bytes mrenclave() {
    return identity.mrEnclave();
  }

  @Override
  public KeyResult egetkey(Bytes keyRequest) {
    try {
      return machine.cpu().egetkey(identity, KeyRequest.parse(keyRequest));
    } catch (MalformedException malformed) {
      throw new IllegalArgumentException(malformed);
    }
  }

  @Override
  public Bytes report(Bytes targetInfo, Bytes reportData) {
    try {
      return machine.cpu().report(identity, TargetInfo.parse(targetInfo), reportData).encode();
    } catch (MalformedException malformed) {
      throw new IllegalArgumentException(malformed);
    }
  }

  Bytes quoted(Bytes reportData) {
    return machine.quoting().quote(identity.report(machine.cpu().tcb().cpuSvn(), reportData));
  }

  @Override
  public QuoteResult quote(Bytes reportData) {
    return new QuoteResult.Quote(quoted(reportData));
  }

  @Override
  public void close() {}
}
