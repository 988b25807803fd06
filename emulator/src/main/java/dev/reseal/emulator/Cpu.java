package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.platform.Device.KeyError;
import dev.reseal.platform.Device.KeyResult;
import dev.reseal.sgx.AesCmac;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.ReportBody;
import dev.reseal.sgx.TargetInfo;

/**
 * The two leaves of an emulated processor that use its secret: EGETKEY and EREPORT. Keys are
 * AES-128-CMAC over the derivation data of Intel's simulator (tinst/deriv.h), under a secret of
 * this machine instead of the simulator's public constant.
 *
 * @param fuses 16 bytes, made with the machine and never changed
 * @param ownerEpoch 16 bytes; the machine's owner changes them to lose every key
 */
public record Cpu(Secret fuses, Bytes ownerEpoch, Bytes reportKeyId, Tcb tcb) {
  public Cpu {
    if (fuses.size() != 16 || ownerEpoch.size() != 16 || reportKeyId.size() != 32) {
      throw new IllegalArgumentException("processor secret, owner epoch or key id of wrong size");
    }
  }

  /** EGETKEY by the enclave {@code self}; never another key than the one of this request. */
  public KeyResult egetkey(EnclaveIdentity self, KeyRequest request) {
    if ((request.keyPolicy() & ~KeyRequest.POLICY_KNOWN) != 0) {
      return failed(KeyError.INVALID_ATTRIBUTE);
    }
    if ((request.keyPolicy() & KeyRequest.POLICY_KSS) != 0 && !self.kss()) {
      return failed(KeyError.INVALID_ATTRIBUTE);
    }
    return switch (request.keyName()) {
      case KeyRequest.SEAL_KEY -> versioned(self, request);
      case KeyRequest.REPORT_KEY -> new KeyResult.Key(reportKey(self.target(), request.keyId()));
      case KeyRequest.PROVISION_KEY, KeyRequest.PROVISION_SEAL_KEY ->
          self.attributes().has(Attributes.PROVISIONKEY)
              ? versioned(self, request)
              : failed(KeyError.INVALID_ATTRIBUTE);
      case KeyRequest.EINITTOKEN_KEY ->
          self.attributes().has(Attributes.EINITTOKENKEY)
              ? versioned(self, request)
              : failed(KeyError.INVALID_ATTRIBUTE);
      default -> failed(KeyError.INVALID_KEYNAME);
    };
  }

  /** The same processor at another TCB. */
  Cpu at(Tcb other) {
    return new Cpu(fuses, ownerEpoch, reportKeyId, other);
  }

  /** EREPORT by {@code self} for {@code target}. */
  public Report report(EnclaveIdentity self, TargetInfo target, Bytes reportData) {
    ReportBody body = self.report(tcb.cpuSvn(), reportData);
    try (Secret key = reportKey(target, reportKeyId)) {
      return new Report(body, reportKeyId, AesCmac.mac(key, body.encode()));
    }
  }

  private KeyResult versioned(EnclaveIdentity self, KeyRequest request) {
    if (request.isvSvn() > self.isvSvn() || request.configSvn() > self.configSvn()) {
      return failed(KeyError.INVALID_ISVSVN);
    }
    if (!tcb.covers(request.cpuSvn())) {
      return failed(KeyError.INVALID_CPUSVN);
    }
    return new KeyResult.Key(derive(request.keyName(), Derivation.of(self, request, ownerEpoch)));
  }

  private Secret reportKey(TargetInfo target, Bytes keyId) {
    Bytes input =
        new LittleEndian(192)
            .u16(KeyRequest.REPORT_KEY)
            .skip(6)
            .bytes(target.attributes().encode())
            .u32(target.miscSelect())
            .bytes(ownerEpoch)
            .bytes(target.mrEnclave())
            .bytes(tcb.cpuSvn())
            .u16(target.configSvn())
            .bytes(target.configId())
            .bytes(keyId)
            .done();
    return derive(KeyRequest.REPORT_KEY, input);
  }

  /** Every key name has a base key of its own, so that no two names can meet in one key. */
  private Secret derive(int keyName, Bytes input) {
    Bytes label = Bytes.concat(Bytes.ascii("reseal/emulated/base/"), Bytes.u16(keyName));
    try (Secret base = AesCmac.derive(fuses, label)) {
      return AesCmac.derive(base, input);
    }
  }

  private static KeyResult failed(KeyError error) {
    return new KeyResult.Failed(error);
  }
}
