package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.Emulated;
import java.util.Optional;

/** Quotes: forms, signatures, the quoting enclave. */
final class QuoteCases {
  private QuoteCases() {}

  static void addTo(Cases cases) {
    versions(cases);
    quotingEnclave(cases);
    quotes(cases);
  }

  private static void versions(Cases cases) {
    cases.add("good", "UpToDate", p -> {});
    cases.add("sgx-v4", "UpToDate", p -> p.version = 4);
    cases.add("sgx-v5", "UpToDate", p -> p.version = 5);
    cases.add("td10-v4", "UpToDate", p -> p.tdx(4));
    cases.add("td15-v5", "UpToDate", p -> p.tdx(5));
    cases.add("td10-v5", "UpToDate", p -> p.tdx(5).bodyType = 2);
    cases.add(
        "processor-ca",
        "UpToDate",
        p -> p.intermediate = CertSpec.authority("Intel SGX PCK Processor CA", 2, 0));
    cases.add("qe-auth-empty", "UpToDate", p -> p.qeAuth = Bytes.EMPTY);
    cases.add("qe-auth-long", "UpToDate", p -> p.qeAuth = Bytes.zeros(1000));
    cases.add(
        "two-signers",
        "UpToDate",
        p -> p.qeSigner = Optional.of(CertSpec.leaf("Intel SGX TCB Signing", 5)));
    cases.add(
        "fmspc-upper-case",
        "UpToDate",
        p -> p.tcbInfo = json -> json.replace(TestPki.FMSPC, "00906ED50000"));
    cases.add(
        "unknown-members",
        "UpToDate",
        p -> p.tcbInfo = json -> json.replace("\"tcbType\"", "\"later\":{\"x\":[1]},\"tcbType\""));
    cases.add("pem-ends-in-zero", "UpToDate", p -> p.pckPem = pem -> pem + "\0");
    cases.add("trailing-zeros", "UpToDate", p -> p.quote = q -> Bytes.concat(q, Bytes.zeros(1000)));
    cases.add("identity-version-1", "UpToDate", QuoteCases::identity1);
    cases.add(
        "identity-version-1-below",
        "OutOfDate",
        p -> {
          identity1(p);
          p.qeSvn = 7;
        });
    cases.add("emulated", "UpToDate", p -> p.leaf.critical = Optional.of(Emulated.OID));
    cases.add("evaluation-numbers-differ", "UpToDate", p -> p.qeEvaluation = 16);
  }

  private static void quotingEnclave(Cases cases) {
    String mismatch = "qe-identity-mismatch";
    cases.add("qe-other-signer", mismatch, p -> p.qeSignerId = Bytes.ascii("x").sha256());
    cases.add("qe-other-product", mismatch, p -> p.qeProduct = 2);
    cases.add("qe-other-misc", mismatch, p -> p.qeMisc = 1);
    cases.add("qe-debug", mismatch, p -> p.qeAttributes |= Attributes.DEBUG);
    cases.add(
        "qe-debug-masked-away",
        mismatch,
        p -> {
          p.qeAttributes |= Attributes.DEBUG;
          p.identity = json -> json.replace("FBFFFFFFFFFFFFFF", "F9FFFFFFFFFFFFFF");
        });
    cases.add("qe-other-attributes", mismatch, p -> p.qeAttributes |= Attributes.EINITTOKENKEY);
    cases.add("qe-mode64-ignored", "UpToDate", p -> p.qeAttributes &= ~Attributes.MODE64BIT);
    cases.add(
        "qe-other-id",
        mismatch,
        p -> p.identity = json -> json.replace("\"id\":\"QE\"", "\"id\":\"QVE\""));
    cases.add(
        "qe-td-id",
        mismatch,
        p -> p.identity = json -> json.replace("\"id\":\"QE\"", "\"id\":\"TD_QE\""));
    cases.add(
        "qe-report-by-another",
        "qe-report-signature",
        p -> p.qeReportKey = Optional.of(CertSpec.newKey("secp256r1")));
    cases.add(
        "qe-report-edited",
        "qe-report-signature",
        p -> p.qeReportSigned = report -> Cases.flipped(report, 64));
    cases.add(
        "qe-report-data-first-half",
        "qe-report-data",
        p -> p.qeReportData = d -> Cases.flipped(d, 0));
    cases.add(
        "qe-report-data-second-half",
        "qe-report-data",
        p -> p.qeReportData = d -> Cases.flipped(d, 63));
  }

  private static void quotes(Cases cases) {
    cases.add(
        "quote-by-another",
        "quote-signature",
        p -> p.quoteKey = Optional.of(CertSpec.newKey("secp256r1")));
    cases.add("quote-edited", "quote-signature", p -> p.quote = q -> Cases.flipped(q, 48 + 64));
    cases.add("user-data-edited", "quote-signature", p -> p.quote = q -> Cases.flipped(q, 30));
    cases.add(
        "attestation-key-off-curve",
        "quote-format",
        p -> p.statedKey = Optional.of(Bytes.concat(Bytes.zeros(63), Bytes.hex("01"))));
    cases.add(
        "attestation-key-zero", "quote-format", p -> p.statedKey = Optional.of(Bytes.zeros(64)));
    cases.add("epid", "quote-format", p -> p.quote = q -> Cases.written(q, 0, "0200"));
    cases.add("version-6", "quote-format", p -> p.quote = q -> Cases.written(q, 0, "0600"));
    cases.add("v4-as-0", "quote-format", p -> headed(p, 4, 0, "0000"));
    cases.add("v4-as-6", "quote-format", p -> headed(p, 4, 0, "0600"));
    cases.add("v4-unknown-tee", "quote-format", p -> headed(p.tdx(4), 4, 4, "82000000"));
    cases.add(
        "v5-td-body-for-sgx",
        "quote-format",
        p -> {
          p.version = 5;
          p.bodyType = 2;
          p.body = b -> Bytes.concat(b, Bytes.zeros(TdReport.SIZE_10 - b.size()));
        });
    cases.add(
        "v5-enclave-body-for-td",
        "quote-format",
        p -> {
          p.tdx(5).bodyType = 1;
          p.body = b -> b.slice(0, 384);
        });
    cases.add("key-type-3", "quote-format", p -> p.quote = q -> Cases.written(q, 2, "0300"));
    cases.add("v3-as-tdx", "quote-format", p -> p.quote = q -> Cases.written(q, 4, "81000000"));
    cases.add("unknown-tee", "quote-format", p -> p.quote = q -> Cases.written(q, 4, "82000000"));
    cases.add("other-vendor", "quote-format", p -> p.quote = q -> Cases.flipped(q, 12));
    cases.add(
        "v5-body-type-2-for-sgx",
        "quote-format",
        p -> {
          p.version = 5;
          p.bodyType = 2;
        });
    cases.add(
        "v5-body-type-9",
        "quote-format",
        p -> {
          p.version = 5;
          p.bodyType = 9;
        });
    cases.add(
        "v5-body-size",
        "quote-format",
        p -> {
          p.version = 5;
          p.quote = q -> Cases.written(q, 50, "81010000");
        });
    for (int type : new int[] {1, 2, 3, 4, 7}) {
      int size = type == 1 ? 36 : type == 2 ? 276 : type == 3 ? 404 : 8;
      cases.add(
          "certification-type-" + type,
          "certification-data",
          p -> {
            p.certType = type;
            p.certData = Optional.of(Bytes.zeros(size));
          });
    }
    cases.add("certification-type-1-over-pem", "quote-format", p -> p.certType = 1);
    cases.add("certification-type-8", "quote-format", p -> p.certType = 8);
    for (int version : new int[] {3, 4, 5}) {
      cases.add(
          "v%d-authentication-longer".formatted(version),
          "quote-format",
          p -> {
            p.version = version;
            p.afterAuthentication = Bytes.zeros(1);
          });
      cases.add(
          "v%d-certification-longer".formatted(version),
          "quote-format",
          p -> {
            p.version = version;
            p.afterCertification = Bytes.zeros(1);
          });
    }
    cases.add(
        "v4-certification-not-nested",
        "quote-format",
        p -> {
          p.version = 4;
          p.quote = q -> Cases.written(q, 48 + 384 + 4 + 128, "0500");
        });
    cases.add("reserved-set", "UpToDate", p -> p.body = b -> Cases.written(b, 300, "01"));
    cases.add("debug", "UpToDate", p -> p.attributes |= Attributes.DEBUG);
  }

  private static void identity1(TestPki p) {
    p.identity =
        json ->
            json.substring(0, json.indexOf(",\"tcbLevels\""))
                    .replace("\"id\":\"QE\",\"version\":2", "\"version\":1")
                    .replace("\"tcbEvaluationDataNumber\":17,", "")
                + ",\"isvsvn\":8}";
    p.identitySigned = json -> json.replace("enclaveIdentity", "qeIdentity");
  }

  private static void headed(TestPki p, int version, int at, String hex) {
    p.version = version;
    p.quote = q -> Cases.written(q, at, hex);
  }
}
