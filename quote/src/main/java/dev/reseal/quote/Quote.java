package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.QuoteHeader;
import dev.reseal.sgx.ReportBody;

/**
 * A DCAP quote of version 3, 4 or 5 over ECDSA P-256, every length checked, nothing verified.
 *
 * @param signed the bytes that {@code signature} covers
 * @param attestationKey x then y
 * @param qeReport 384 bytes
 */
public record Quote(
    int version,
    Tee tee,
    QuoteBody body,
    Bytes signed,
    Bytes signature,
    Bytes attestationKey,
    Bytes qeReport,
    Bytes qeReportSignature,
    Bytes qeAuthData,
    CertificationData certification) {

  /** Larger input is refused before it is looked at. */
  public static final int MAX_SIZE = 1 << 20;

  private static final int ECDSA_P256 = 2;

  /** Bytes after the quote are allowed: files are padded by some tools. */
  public static Quote parse(Bytes bytes) throws MalformedException {
    if (bytes.size() > MAX_SIZE) {
      throw new MalformedException(
          "quote", MAX_SIZE, bytes.size() + " bytes", "at most " + MAX_SIZE);
    }
    LittleEndianReader in = new LittleEndianReader("quote", bytes);
    int version = version(in);
    int keyType = in.u16("attestation key type");
    if (keyType != ECDSA_P256) {
      throw in.malformed("attestation key type " + keyType, "2 (ECDSA P-256)");
    }
    Tee tee = tee(in, version);
    in.take(4, "SVNs of the quoting enclave");
    Bytes vendor = in.take(16, "QE vendor id");
    if (!vendor.equals(QuoteHeader.INTEL_QE)) {
      throw in.malformed("QE vendor id " + vendor.toHex(), QuoteHeader.INTEL_QE.toHex());
    }
    in.take(20, "user data");
    QuoteBody body = body(in, version, tee);
    Bytes signed = bytes.slice(0, in.position());
    LittleEndianReader auth =
        new LittleEndianReader(
            "authentication data", in.take(in.u32("signature size"), "authentication data"));
    Bytes signature = auth.take(64, "signature");
    Bytes key = auth.take(64, "attestation key");
    LittleEndianReader qe = version == 3 ? auth : nested(auth);
    Bytes qeReport = qe.take(ReportBody.SIZE, "QE report");
    Bytes qeSignature = qe.take(64, "QE report signature");
    Bytes qeAuth = qe.take(qe.u16("QE authentication data size"), "QE authentication data");
    CertificationData certification = CertificationData.read(qe);
    qe.end();
    return new Quote(
        version, tee, body, signed, signature, key, qeReport, qeSignature, qeAuth, certification);
  }

  private static int version(LittleEndianReader in) throws MalformedException {
    int version = in.u16("version");
    if (version == 1 || version == 2) {
      throw in.malformed(
          "version " + version + ", an EPID quote",
          "a DCAP quote; the service that verified EPID ended on 2025-04-02");
    }
    if (version < 3 || version > 5) {
      throw in.malformed("version " + version, "version 3, 4 or 5");
    }
    return version;
  }

  private static Tee tee(LittleEndianReader in, int version) throws MalformedException {
    long number = in.u32("TEE type");
    if (number == Tee.SGX.number()) {
      return Tee.SGX;
    }
    if (number == Tee.TDX.number() && version > 3) {
      return Tee.TDX;
    }
    throw in.malformed(
        "TEE type 0x" + Long.toHexString(number), "0 (SGX) or, from version 4, 0x81 (TDX)");
  }

  private static QuoteBody body(LittleEndianReader in, int version, Tee tee)
      throws MalformedException {
    int size = tee == Tee.SGX ? ReportBody.SIZE : TdReport.SIZE_10;
    if (version == 5) {
      int type = in.u16("body type");
      long stated = in.u32("body size");
      size =
          switch (type) {
            case 1 -> ReportBody.SIZE;
            case 2 -> TdReport.SIZE_10;
            case 3 -> TdReport.SIZE_15;
            default -> throw in.malformed("body type " + type, "1, 2 or 3");
          };
      if (stated != size || (type == 1) != (tee == Tee.SGX)) {
        throw in.malformed(
            "body type " + type + " of " + stated + " bytes for " + tee,
            "a body of this TEE in its exact size");
      }
    }
    Bytes raw = in.take(size, "body");
    return tee == Tee.SGX ? enclave(raw) : new QuoteBody.TrustDomain(TdReport.parse(raw));
  }

  private static QuoteBody enclave(Bytes raw) throws MalformedException {
    ReportBody report = report(raw);
    return new QuoteBody.Enclave(report, report.encode().equals(raw));
  }

  /**
   * A report body whose reserved bytes may hold anything: what they mean is decided after the
   * signature over them, by policy. {@code raw} has the size of one.
   */
  static ReportBody report(Bytes raw) throws MalformedException {
    LittleEndianReader in = new LittleEndianReader("report body", raw);
    Bytes cpuSvn = in.take(16, "CPUSVN");
    int misc = (int) in.u32("MISCSELECT");
    in.take(12, "reserved");
    Bytes extProdId = in.take(16, "ISVEXTPRODID");
    Attributes attributes = Attributes.parse(in.take(16, "ATTRIBUTES"));
    Bytes mrEnclave = in.take(32, "MRENCLAVE");
    in.take(32, "reserved");
    Bytes mrSigner = in.take(32, "MRSIGNER");
    in.take(32, "reserved");
    Bytes configId = in.take(64, "CONFIGID");
    int prodId = in.u16("ISVPRODID");
    int svn = in.u16("ISVSVN");
    int configSvn = in.u16("CONFIGSVN");
    in.take(42, "reserved");
    Bytes familyId = in.take(16, "ISVFAMILYID");
    Bytes reportData = in.take(64, "REPORTDATA");
    return new ReportBody(
        cpuSvn,
        misc,
        extProdId,
        attributes,
        mrEnclave,
        mrSigner,
        configId,
        prodId,
        svn,
        configSvn,
        familyId,
        reportData);
  }

  /** Versions 4 and 5 wrap everything about the QE into certification data of type 6. */
  private static LittleEndianReader nested(LittleEndianReader auth) throws MalformedException {
    CertificationData outer = CertificationData.read(auth);
    auth.end();
    if (outer.type() != CertificationData.QE_REPORT) {
      throw auth.malformed("certification data type " + outer.type(), "6 (QE report)");
    }
    return new LittleEndianReader("QE certification data", outer.data());
  }
}
