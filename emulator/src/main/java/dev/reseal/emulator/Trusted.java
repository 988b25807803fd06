package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Device.KeyResult;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.TargetInfo;
import java.util.function.UnaryOperator;

/** What a thread inside an enclave can do; every call faults once the enclave is gone. */
public interface Trusted {
  EnclaveIdentity identity();

  /** Bytes of enclave memory, within one page. */
  Bytes read(long offset, int size) throws EnclaveFault;

  void write(long offset, Bytes content) throws EnclaveFault;

  /** Offset of the first heap page. */
  long heap();

  KeyResult egetkey(KeyRequest request) throws EnclaveFault;

  Report ereport(TargetInfo target, Bytes reportData) throws EnclaveFault;

  /**
   * Leaves the enclave, runs {@code outside} on the host and comes back. The enclave may be
   * destroyed meanwhile; then coming back faults.
   */
  Bytes ocall(Bytes argument, UnaryOperator<Bytes> outside) throws EnclaveFault;
}
