package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;

/**
 * Everything about an initialised enclave that keys, reports and quotes depend on; what the SECS
 * holds after EINIT, with the two ids that exist under KSS only.
 */
public record EnclaveIdentity(
    Bytes mrEnclave,
    Bytes mrSigner,
    Attributes attributes,
    int miscSelect,
    int isvProdId,
    int isvSvn,
    Bytes configId,
    int configSvn,
    Bytes isvFamilyId,
    Bytes isvExtProdId) {
  public EnclaveIdentity {
    Check.size("MRENCLAVE", mrEnclave, 32);
    Check.size("MRSIGNER", mrSigner, 32);
    Check.u16("ISVPRODID", isvProdId);
    Check.u16("ISVSVN", isvSvn);
    Check.size("CONFIGID", configId, 64);
    Check.u16("CONFIGSVN", configSvn);
    Check.size("ISVFAMILYID", isvFamilyId, 16);
    Check.size("ISVEXTPRODID", isvExtProdId, 16);
  }

  /** The identity that EINIT gives to the enclave of {@code sigStruct}, without a CONFIGID. */
  public static EnclaveIdentity initialised(SigStruct sigStruct) {
    SigStruct.Body body = sigStruct.body();
    return new EnclaveIdentity(
        body.enclaveHash(),
        sigStruct.mrSigner(),
        body.attributes().with(Attributes.INIT),
        body.miscSelect(),
        body.isvProdId(),
        body.isvSvn(),
        Bytes.zeros(64),
        0,
        body.isvFamilyId(),
        body.isvExtProdId());
  }

  /** The identity that a report or quote states. */
  public static EnclaveIdentity of(ReportBody body) {
    return new EnclaveIdentity(
        body.mrEnclave(),
        body.mrSigner(),
        body.attributes(),
        body.miscSelect(),
        body.isvProdId(),
        body.isvSvn(),
        body.configId(),
        body.configSvn(),
        body.isvFamilyId(),
        body.isvExtProdId());
  }

  /** The report body of this enclave on a processor at {@code cpuSvn}. */
  public ReportBody report(Bytes cpuSvn, Bytes reportData) {
    return new ReportBody(
        cpuSvn,
        miscSelect,
        isvExtProdId,
        attributes,
        mrEnclave,
        mrSigner,
        configId,
        isvProdId,
        isvSvn,
        configSvn,
        isvFamilyId,
        reportData);
  }

  /** The target information with which others make reports for this enclave. */
  public TargetInfo target() {
    return new TargetInfo(mrEnclave, attributes, configSvn, miscSelect, configId);
  }

  public boolean debug() {
    return attributes.has(Attributes.DEBUG);
  }

  public boolean kss() {
    return attributes.has(Attributes.KSS);
  }
}
