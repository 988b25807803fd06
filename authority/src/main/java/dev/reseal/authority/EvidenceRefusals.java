package dev.reseal.authority;

import dev.reseal.authority.Policy.PlatformRule;
import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Appraisal;
import dev.reseal.quote.Reason;
import dev.reseal.quote.Verdict;
import dev.reseal.sgx.Emulated;
import dev.reseal.sgx.PlatformKind;
import dev.reseal.wire.Code;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;

/**
 * How what the verifier of quotes finds is called on the wire, and which policy line would allow
 * it.
 */
final class EvidenceRefusals {
  private static final String BEGIN = "-----BEGIN CERTIFICATE-----";
  private static final String END = "-----END CERTIFICATE-----";

  private EvidenceRefusals() {}

  /** Of a genuine quote whose platform is not good enough. */
  static Denied of(Appraisal.Denied denied, Verdict.Trusted trusted) {
    String have = "have " + denied.have() + ", need " + denied.need();
    return switch (denied.rule()) {
      case DEBUG, ATTRIBUTES -> Denied.of(Code.PLATFORM_REFUSED, "ATTRIBUTES", have);
      case RESERVED -> Denied.of(Code.PLATFORM_REFUSED, "REPORT", have);
      case REPORT_DATA -> Denied.of(Code.BINDING_MISMATCH, "REPORTDATA", have);
      case EMULATED, PLATFORM -> Denied.of(Code.PLATFORM_REFUSED, "PLATFORM", have);
      case MEASUREMENT -> Denied.of(Code.MEASUREMENT_REFUSED, have);
      case COLLATERAL_ROLLBACK -> Denied.of(Code.COLLATERAL_ROLLBACK, "COLLATERAL_ROLLBACK", have);
      case STATUS ->
          Denied.of(
                  Code.PLATFORM_REFUSED,
                  "TCB",
                  "the platform's TCB is "
                      + trusted.status().word()
                      + " "
                      + trusted.advisories()
                      + ": "
                      + have)
              .allow(inTcb(denied));
      case ADVISORY, EVALUATION_NUMBER ->
          Denied.of(Code.PLATFORM_REFUSED, denied.rule().name(), have).allow(inTcb(denied));
      case AGE -> Denied.of(Code.UNAVAILABLE, "COLLATERAL_AGE", have).allow(inTcb(denied));
    };
  }

  private static String inTcb(Appraisal.Denied denied) {
    return denied.allow() + ", under \"tcb\"";
  }

  /** Of a quote that does not verify. */
  static Denied of(Verdict.Refused refused, Bytes evidence, List<PlatformRule> platforms) {
    boolean emulatedAllowed =
        platforms.stream().anyMatch(each -> each.kind() == PlatformKind.EMULATED.number());
    if (refused.reason() == Reason.UNTRUSTED_ROOT && !emulatedAllowed && marked(evidence)) {
      return Denied.of(
          Code.PLATFORM_REFUSED,
          "emulated-root",
          "EMULATED evidence, policy names hardware platforms only");
    }
    Code code =
        switch (refused.reason()) {
          case QUOTE_FORMAT,
              CERTIFICATION_DATA,
              QUOTE_SIGNATURE,
              QE_REPORT_SIGNATURE,
              QE_REPORT_DATA,
              QE_IDENTITY_MISMATCH,
              PCK_CHAIN,
              UNTRUSTED_ROOT,
              PCK_REVOKED,
              CERTIFICATE_EXPIRED,
              CERTIFICATE_NOT_YET_VALID,
              TCB_INFO_MISMATCH,
              TDX_MODULE_MISMATCH,
              TCB_NOT_RECOGNISED ->
              Code.PLATFORM_REFUSED;
          case CRL,
              CRL_EXPIRED,
              CRL_NOT_YET_VALID,
              COLLATERAL_MISSING,
              COLLATERAL_FORMAT,
              COLLATERAL_CHAIN,
              COLLATERAL_EXPIRED,
              COLLATERAL_NOT_YET_VALID,
              TCB_INFO_SIGNATURE,
              QE_IDENTITY_SIGNATURE ->
              Code.UNAVAILABLE;
        };
    return Denied.of(code, refused.reason().word(), refused.detail());
  }

  /** For naming the refusal only: whether a certificate in the quote says that it is emulated. */
  private static boolean marked(Bytes evidence) {
    String text = new String(evidence.toArray(), StandardCharsets.ISO_8859_1);
    int from = text.indexOf(BEGIN);
    while (from >= 0) {
      int to = text.indexOf(END, from);
      if (to < 0) {
        return false;
      }
      byte[] pem = text.substring(from, to + END.length()).getBytes(StandardCharsets.ISO_8859_1);
      try {
        X509Certificate certificate =
            (X509Certificate)
                CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(pem));
        Set<String> critical = certificate.getCriticalExtensionOIDs();
        if (critical != null && critical.contains(Emulated.OID)) {
          return true;
        }
      } catch (CertificateException garbled) {
        return false;
      }
      from = text.indexOf(BEGIN, to);
    }
    return false;
  }
}
