package dev.reseal.cli;

import dev.reseal.lifecycle.ExitCode;
import dev.reseal.quote.Appraisal;
import dev.reseal.quote.AppraisalPolicy;
import dev.reseal.quote.Circumstances;
import dev.reseal.quote.PckExtension;
import dev.reseal.quote.Platform;
import dev.reseal.quote.QuoteBody;
import dev.reseal.quote.Reason;
import dev.reseal.quote.Rule;
import dev.reseal.quote.TdReport;
import dev.reseal.quote.Verdict;
import dev.reseal.sgx.Emulated;
import dev.reseal.sgx.ReportBody;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** A verdict and its appraisal in the words of {@code reseal verify}, with the exit code. */
record VerifiedFacts(Map<String, Object> facts, ExitCode exitCode) {
  static VerifiedFacts of(Verdict verdict, AppraisalPolicy policy, Circumstances now) {
    return switch (verdict) {
      case Verdict.Refused refused -> refused(refused);
      case Verdict.Trusted trusted -> trusted(trusted, policy.appraise(trusted, now));
    };
  }

  private static VerifiedFacts refused(Verdict.Refused refused) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("verdict", "Refused");
    facts.put("reason", refused.reason().word());
    facts.put("detail", refused.detail());
    facts.put("accepted", false);
    facts.put("denied_by", "verdict");
    return new VerifiedFacts(facts, exitCode(refused.reason()));
  }

  private static VerifiedFacts trusted(Verdict.Trusted trusted, Appraisal appraisal) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("verdict", trusted.status().word());
    ExitCode exit =
        switch (appraisal) {
          case Appraisal.Accepted _, Appraisal.Graced _ -> {
            facts.put("accepted", true);
            yield ExitCode.DONE;
          }
          case Appraisal.Denied denied -> {
            facts.put("detail", denied.detail());
            facts.put("accepted", false);
            facts.put("denied_by", denied.rule().word());
            yield exitCode(denied.rule());
          }
        };
    facts.put("advisories", trusted.advisories());
    facts.put("tee", trusted.tee().name());
    facts.put("version", trusted.version());
    facts.put("identity", identity(trusted.body()));
    facts.put("valid_until", trusted.validUntil().toString());
    facts.put("tcb_evaluation_number", trusted.evidence().tcbEvaluationNumber());
    facts.put("tcb_date", trusted.evidence().tcbDate().toString());
    facts.put("platform", platform(trusted.platform()));
    return new VerifiedFacts(facts, exit);
  }

  private static Map<String, Object> identity(QuoteBody body) {
    Map<String, Object> facts = new LinkedHashMap<>();
    switch (body) {
      case QuoteBody.Enclave enclave -> {
        ReportBody report = enclave.report();
        facts.put("mrenclave", report.mrEnclave().toHex());
        facts.put("mrsigner", report.mrSigner().toHex());
        facts.put("isvprodid", report.isvProdId());
        facts.put("isvsvn", report.isvSvn());
        facts.put("attributes", report.attributes().encode().toHex());
        facts.put("cpusvn", report.cpuSvn().toHex());
      }
      case QuoteBody.TrustDomain td -> {
        TdReport report = td.report();
        facts.put("mrtd", report.mrTd().toHex());
        facts.put("mrseam", report.mrSeam().toHex());
        facts.put("td_attributes", report.tdAttributes().toHex());
        facts.put("xfam", report.xfam().toHex());
        for (int i = 0; i < report.rtmrs().size(); i++) {
          facts.put("rtmr" + i, report.rtmrs().get(i).toHex());
        }
        facts.put("tee_tcb_svn", report.teeTcbSvn().toHex());
      }
    }
    facts.put("report_data", body.reportData().toHex());
    return facts;
  }

  private static Map<String, Object> platform(Platform platform) {
    PckExtension pck = platform.pck();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("kind", platform.kind().name().toLowerCase(Locale.ROOT));
    facts.put("id", platform.id().toHex());
    facts.put("root", platform.root().toHex());
    facts.put("fmspc", pck.fmspc().toHex());
    facts.put("pceid", pck.pceId().toHex());
    facts.put("pcesvn", pck.tcb().pceSvn());
    facts.put("components", pck.tcb().components().toHex());
    // The name alone is Intel's, since verifiers look for it.
    facts.put(
        "issued_by",
        switch (platform.kind()) {
          case SGX -> platform.authority();
          case EMULATED -> Emulated.WORD + " (no security) " + platform.authority();
        });
    return facts;
  }

  private static ExitCode exitCode(Reason reason) {
    return switch (reason) {
      case QUOTE_FORMAT,
          CERTIFICATION_DATA,
          QUOTE_SIGNATURE,
          QE_REPORT_SIGNATURE,
          QE_REPORT_DATA,
          QE_IDENTITY_MISMATCH,
          PCK_CHAIN,
          UNTRUSTED_ROOT,
          TCB_INFO_SIGNATURE,
          QE_IDENTITY_SIGNATURE ->
          ExitCode.NOT_PROVEN;
      case PCK_REVOKED, TCB_NOT_RECOGNISED, TDX_MODULE_MISMATCH -> ExitCode.EVIDENCE_REFUSED;
      case CERTIFICATE_EXPIRED,
          CERTIFICATE_NOT_YET_VALID,
          CRL,
          CRL_EXPIRED,
          CRL_NOT_YET_VALID,
          COLLATERAL_MISSING,
          COLLATERAL_FORMAT,
          COLLATERAL_CHAIN,
          COLLATERAL_EXPIRED,
          COLLATERAL_NOT_YET_VALID,
          TCB_INFO_MISMATCH ->
          ExitCode.COLLATERAL_REFUSED;
    };
  }

  private static ExitCode exitCode(Rule rule) {
    return switch (rule) {
      case DEBUG, ATTRIBUTES, RESERVED, MEASUREMENT -> ExitCode.CODE_REFUSED;
      case EMULATED -> ExitCode.EMULATED;
      case PLATFORM, STATUS, ADVISORY, EVALUATION_NUMBER -> ExitCode.EVIDENCE_REFUSED;
      case COLLATERAL_ROLLBACK, AGE -> ExitCode.COLLATERAL_REFUSED;
      case REPORT_DATA -> ExitCode.OTHER_REPORT_DATA;
    };
  }
}
