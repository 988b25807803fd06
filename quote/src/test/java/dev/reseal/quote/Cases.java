package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.Emulated;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;

/** What nature does not provide: each status and each mismatch, one fault at a time. */
final class Cases {
  /**
   * A quote to be made and what must come of it.
   *
   * @param expected status word, or reason word of a refusal
   */
  record Case(String name, String expected, Consumer<TestPki> spoil) {
    TestPki.Built build() {
      TestPki pki = new TestPki();
      spoil.accept(pki);
      return pki.build();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static final Map<String, Case> ALL = new LinkedHashMap<>();

  private Cases() {}

  static Map<String, Case> all() {
    return Map.copyOf(ALL);
  }

  private static void add(String name, String expected, Consumer<TestPki> spoil) {
    if (ALL.put(name, new Case(name, expected, spoil)) != null) {
      throw new IllegalStateException("two cases " + name);
    }
  }

  static {
    statuses();
    versions();
    pckChain();
    revocation();
    lists();
    dates();
    signers();
    signedJson();
    quotingEnclave();
    quotes();
    trustDomains();
  }

  private static void level(String name, String status, String expected) {
    add(name, expected, p -> p.levels.set(0, TestPki.sgxLevel(8, 11, status)));
  }

  private static void statuses() {
    for (TcbStatus status : TcbStatus.values()) {
      boolean ofLevel = TcbStatus.ofLevel(status.word()).isPresent();
      level(
          "level-" + status.word(), status.word(), ofLevel ? status.word() : "tcb-not-recognised");
    }
    level("level-unknown-word", "Splendid", "tcb-not-recognised");
    add("no-level-components", "tcb-not-recognised", p -> p.components[2] = 1);
    add("no-level-last-component", "tcb-not-recognised", p -> p.components[7] = 2);
    add("no-level-pcesvn", "tcb-not-recognised", p -> p.pceSvn = 10);
    add("level-below", "OutOfDate", p -> p.components[0] = 7);
    add("level-component-255", "UpToDate", p -> p.components[0] = (byte) 255);
    add("levels-unsorted", "UpToDate", p -> java.util.Collections.reverse(p.levels));
    add("level-twice", "collateral-format", p -> p.levels.add(p.levels.getFirst()));
    add("no-levels", "collateral-format", p -> p.levels.clear());
    qe("qe-level-below", 7, "UpToDate", "OutOfDate");
    qe("qe-below-configuration", 7, "ConfigurationNeeded", "OutOfDateConfigurationNeeded");
    qe("qe-below-hardening", 7, "SWHardeningNeeded", "OutOfDate");
    qe("qe-below-both", 7, "ConfigurationAndSWHardeningNeeded", "OutOfDateConfigurationNeeded");
    qe("qe-below-out-of-date", 7, "OutOfDate", "OutOfDate");
    qe("qe-below-revoked", 7, "Revoked", "Revoked");
    qe("qe-no-level", 5, "UpToDate", "tcb-not-recognised");
    add("qe-revoked", "Revoked", p -> p.qeLevels.set(0, TestPki.svnLevel(8, "Revoked")));
    add(
        "qe-odd-status",
        "tcb-not-recognised",
        p -> p.qeLevels.set(0, TestPki.svnLevel(8, "ConfigurationNeeded")));
    add("qe-level-twice", "collateral-format", p -> p.qeLevels.add(p.qeLevels.getFirst()));
    add("qe-no-levels", "collateral-format", p -> p.qeLevels.clear());
  }

  private static void qe(String name, int svn, String platform, String expected) {
    add(
        name,
        expected,
        p -> {
          p.qeSvn = svn;
          p.levels.set(0, TestPki.sgxLevel(8, 11, platform));
        });
  }

  private static void versions() {
    add("good", "UpToDate", p -> {});
    add("sgx-v4", "UpToDate", p -> p.version = 4);
    add("sgx-v5", "UpToDate", p -> p.version = 5);
    add("td10-v4", "UpToDate", p -> p.tdx(4));
    add("td15-v5", "UpToDate", p -> p.tdx(5));
    add("td10-v5", "UpToDate", p -> p.tdx(5).bodyType = 2);
    add(
        "processor-ca",
        "UpToDate",
        p -> p.intermediate = CertSpec.authority("Intel SGX PCK Processor CA", 2, 0));
    add("qe-auth-empty", "UpToDate", p -> p.qeAuth = Bytes.EMPTY);
    add("qe-auth-long", "UpToDate", p -> p.qeAuth = Bytes.zeros(1000));
    add(
        "two-signers",
        "UpToDate",
        p -> p.qeSigner = Optional.of(CertSpec.leaf("Intel SGX TCB Signing", 5)));
    add(
        "fmspc-upper-case",
        "UpToDate",
        p -> p.tcbInfo = json -> json.replace(TestPki.FMSPC, "00906ED50000"));
    add(
        "unknown-members",
        "UpToDate",
        p -> p.tcbInfo = json -> json.replace("\"tcbType\"", "\"later\":{\"x\":[1]},\"tcbType\""));
    add("pem-ends-in-zero", "UpToDate", p -> p.pckPem = pem -> pem + "\0");
    add("trailing-zeros", "UpToDate", p -> p.quote = q -> Bytes.concat(q, Bytes.zeros(1000)));
    add("identity-version-1", "UpToDate", Cases::identity1);
    add(
        "identity-version-1-below",
        "OutOfDate",
        p -> {
          identity1(p);
          p.qeSvn = 7;
        });
    add("emulated", "UpToDate", p -> p.leaf.critical = Optional.of(Emulated.OID));
    add("evaluation-numbers-differ", "UpToDate", p -> p.qeEvaluation = 16);
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

  private static void pckChain() {
    String bad = "pck-chain";
    add(
        "other-root",
        "untrusted-root",
        p -> p.trusted = Optional.of(CertSpec.authority("Test SGX Root CA", 1, 1)));
    add(
        "root-not-self-issued",
        "collateral-chain",
        p -> {
          CertSpec pinned = CertSpec.authority(p.root.name, 1, 1);
          pinned.key = p.root.key;
          p.trusted = Optional.of(pinned);
          p.root.issuerName = Optional.of("Somebody");
        });
    add(
        "root-not-self-signed",
        "collateral-chain",
        p -> p.root.signer = Optional.of(CertSpec.newKey("secp256r1")));
    add("root-no-ca", "collateral-chain", p -> p.root.ca = false);
    add("root-without-cert-sign", "collateral-chain", p -> p.root.usage = KeyUsage.cRLSign);
    add("intermediate-no-ca", bad, p -> p.intermediate.ca = false);
    add("intermediate-without-cert-sign", bad, p -> p.intermediate.usage = KeyUsage.cRLSign);
    add("intermediate-without-crl-sign", "crl", p -> p.intermediate.usage = KeyUsage.keyCertSign);
    add(
        "intermediate-by-another",
        bad,
        p -> p.intermediate.signer = Optional.of(CertSpec.newKey("secp256r1")));
    add("intermediate-other-issuer", bad, p -> p.intermediate.issuerName = Optional.of("Somebody"));
    add(
        "intermediate-other-name",
        bad,
        p -> p.intermediate = CertSpec.authority("Intel SGX PCK Processor CA 2", 2, 0));
    add("path-too-long", "pck-chain", p -> p.root.pathLength = 0);
    add("leaf-by-another", bad, p -> p.leaf.signer = Optional.of(CertSpec.newKey("secp256r1")));
    add("leaf-other-issuer", bad, p -> p.leaf.issuerName = Optional.of("Somebody"));
    add("leaf-other-name", bad, p -> p.leaf.name = "Intel SGX PCK Certificate 2");
    add(
        "leaf-is-ca",
        bad,
        p -> {
          p.leaf.ca = true;
          p.leaf.pathLength = 0;
        });
    add(
        "leaf-without-sgx-extension",
        bad,
        p -> p.leaf.sgx = Optional.of(new org.bouncycastle.asn1.DERSequence()));
    add("leaf-unknown-critical", bad, p -> p.leaf.critical = Optional.of("1.2.3.4"));
    add("leaf-without-aki", bad, p -> p.leaf.omitted.add(Extension.authorityKeyIdentifier));
    add("leaf-without-ski", bad, p -> p.leaf.omitted.add(Extension.subjectKeyIdentifier));
    add("leaf-without-crl-points", bad, p -> p.leaf.omitted.add(Extension.cRLDistributionPoints));
    add("leaf-without-key-usage", bad, p -> p.leaf.omitted.add(Extension.keyUsage));
    add("leaf-without-basic-constraints", bad, p -> p.leaf.omitted.add(Extension.basicConstraints));
    add(
        "leaf-on-p384",
        bad,
        p -> {
          p.qeReportKey = Optional.of(p.leaf.key);
          p.leaf.key = CertSpec.newKey("secp384r1");
        });
    add("leaf-signed-with-sha384", bad, p -> p.leaf.algorithm = "SHA384withECDSA");
    add(
        "chain-leaf-only",
        bad,
        p -> p.pckPem = pem -> pem.substring(0, pem.indexOf("-----BEGIN", 10)));
    add("chain-of-four", bad, p -> p.pckPem = pem -> pem + pem.substring(0, pem.length() / 3));
    add("chain-reversed", bad, p -> p.pckPem = Cases::reversed);
    add("chain-with-text", bad, p -> p.pckPem = pem -> "hello\n" + pem);
    add(
        "other-fmspc",
        "tcb-info-mismatch",
        p ->
            p.leaf.sgx =
                Optional.of(TestPckExtension.of(p.components, 11, "00906ed50001", "0000")));
    add(
        "other-pceid",
        "tcb-info-mismatch",
        p ->
            p.leaf.sgx = Optional.of(TestPckExtension.of(p.components, 11, TestPki.FMSPC, "0001")));
  }

  private static String reversed(String pem) {
    String[] parts = pem.split("(?=-----BEGIN)");
    return parts[2] + parts[1] + parts[0];
  }

  private static void revocation() {
    add("pck-revoked", "pck-revoked", p -> p.pckCrl.revoked.add(BigInteger.valueOf(3)));
    add("intermediate-revoked", "pck-revoked", p -> p.rootCrl.revoked.add(BigInteger.TWO));
    add(
        "tcb-signer-revoked",
        "collateral-chain",
        p -> p.rootCrl.revoked.add(BigInteger.valueOf(4)));
    add(
        "qe-signer-revoked",
        "collateral-chain",
        p -> {
          p.qeSigner = Optional.of(CertSpec.leaf("Intel SGX TCB Signing", 5));
          p.rootCrl.revoked.add(BigInteger.valueOf(5));
        });
    add(
        "others-revoked",
        "UpToDate",
        p -> {
          p.pckCrl.revoked.add(BigInteger.TWO);
          p.rootCrl.revoked.add(BigInteger.valueOf(3));
        });
  }

  private static void lists() {
    for (boolean rootList : new boolean[] {true, false}) {
      String name = rootList ? "root-crl-" : "pck-crl-";
      add(
          name + "by-another",
          "crl",
          p -> list(p, rootList).signer = Optional.of(CertSpec.newKey("secp256r1")));
      add(
          name + "other-issuer",
          "crl",
          p -> list(p, rootList).issuerName = Optional.of("Somebody"));
      add(name + "without-number", "crl", p -> list(p, rootList).withNumber = false);
      add(name + "without-aki", "crl", p -> list(p, rootList).withAuthorityKey = false);
      add(name + "ended", "crl-expired", p -> list(p, rootList).until = TestPki.AT.minusSeconds(1));
      add(
          name + "later",
          "crl-not-yet-valid",
          p -> list(p, rootList).from = TestPki.AT.plusSeconds(1));
      add(name + "last-second", "UpToDate", p -> list(p, rootList).until = TestPki.AT);
      add(name + "first-second", "UpToDate", p -> list(p, rootList).from = TestPki.AT);
    }
    add("root-without-crl-sign", "crl", p -> p.root.usage = KeyUsage.keyCertSign);
  }

  private static CrlSpec list(TestPki p, boolean root) {
    return root ? p.rootCrl : p.pckCrl;
  }

  private static void dates() {
    String ended = "certificate-expired";
    String later = "certificate-not-yet-valid";
    add("leaf-ended", ended, p -> p.leaf.until = TestPki.AT.minusSeconds(1));
    add("leaf-later", later, p -> p.leaf.from = TestPki.AT.plusSeconds(1));
    add("leaf-last-second", "UpToDate", p -> p.leaf.until = TestPki.AT);
    add("leaf-first-second", "UpToDate", p -> p.leaf.from = TestPki.AT);
    add("intermediate-ended", ended, p -> p.intermediate.until = TestPki.AT.minusSeconds(1));
    add("intermediate-later", later, p -> p.intermediate.from = TestPki.AT.plusSeconds(1));
    add("root-ended", ended, p -> p.root.until = TestPki.AT.minusSeconds(1));
    add("root-later", later, p -> p.root.from = TestPki.AT.plusSeconds(1));
    add("signer-ended", ended, p -> p.tcbSigner.until = TestPki.AT.minusSeconds(1));
    add("signer-later", later, p -> p.tcbSigner.from = TestPki.AT.plusSeconds(1));
    add(
        "qe-signer-ended",
        ended,
        p -> {
          CertSpec signer = CertSpec.leaf("Intel SGX TCB Signing", 5);
          signer.until = TestPki.AT.minusSeconds(1);
          p.qeSigner = Optional.of(signer);
        });
    add("tcb-info-ended", "collateral-expired", p -> p.tcbUntil = TestPki.AT.minusSeconds(1));
    add("tcb-info-later", "collateral-not-yet-valid", p -> p.tcbIssued = TestPki.AT.plusSeconds(1));
    add("tcb-info-last-second", "UpToDate", p -> p.tcbUntil = TestPki.AT);
    add("tcb-info-first-second", "UpToDate", p -> p.tcbIssued = TestPki.AT);
    add("identity-ended", "collateral-expired", p -> p.qeUntil = TestPki.AT.minusSeconds(1));
    add("identity-later", "collateral-not-yet-valid", p -> p.qeIssued = TestPki.AT.plusSeconds(1));
  }

  private static void signers() {
    add(
        "signer-other-name",
        "collateral-chain",
        p -> p.tcbSigner = CertSpec.leaf("Intel SGX PCK Certificate", 4));
    add(
        "signer-is-ca",
        "collateral-chain",
        p -> p.tcbSigner = CertSpec.authority("Intel SGX TCB Signing", 4, 0));
    add(
        "signer-by-another",
        "collateral-chain",
        p -> p.tcbSigner.signer = Optional.of(CertSpec.newKey("secp256r1")));
    add(
        "qe-signer-by-another",
        "collateral-chain",
        p -> {
          CertSpec signer = CertSpec.leaf("Intel SGX TCB Signing", 5);
          signer.signer = Optional.of(CertSpec.newKey("secp256r1"));
          p.qeSigner = Optional.of(signer);
        });
    add(
        "signer-unknown-critical",
        "collateral-chain",
        p -> p.tcbSigner.critical = Optional.of("1.2.3.4"));
    add(
        "signer-without-key-usage",
        "collateral-chain",
        p -> p.tcbSigner.omitted.add(Extension.keyUsage));
    for (Part part : Part.values()) {
      String name = part.fileName().replaceAll("\\..*", "").replace('_', '-');
      add(
          "missing-" + name,
          part == Part.PCK_CRL_ISSUER_CHAIN ? "UpToDate" : "collateral-missing",
          p -> p.missing.add(part));
    }
  }

  private static void signedJson() {
    add(
        "tcb-info-by-another",
        "tcb-info-signature",
        p -> p.tcbInfoKey = Optional.of(CertSpec.newKey("secp256r1")));
    add(
        "identity-by-another",
        "qe-identity-signature",
        p -> p.identityKey = Optional.of(CertSpec.newKey("secp256r1")));
    add(
        "tcb-info-edited",
        "tcb-info-signature",
        p -> p.tcbInfoSigned = json -> json.replace("OutOfDate", "UpToDate"));
    add(
        "tcb-info-spaced",
        "tcb-info-signature",
        p -> p.tcbInfoSigned = json -> json.replaceFirst(",", ", "));
    add(
        "identity-edited",
        "qe-identity-signature",
        p -> p.identitySigned = json -> json.replace("\"isvprodid\":1", "\"isvprodid\":2"));
    add(
        "tcb-info-second-object",
        "collateral-format",
        p -> p.tcbInfoSigned = json -> json.replaceFirst("\\{", "{\"tcbInfo \":{},"));
    add(
        "tcb-info-twice",
        "collateral-format",
        p -> p.tcbInfoSigned = json -> json.replaceFirst("\\{", "{\"tcbInfo\":{},"));
    add(
        "tcb-info-duplicate-key",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replaceFirst("\\{", "{\"fmspc\":\"000000000000\","));
    add(
        "tcb-info-version-1",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replace("\"version\":3", "\"version\":1"));
    add(
        "tcb-info-version-4",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replace("\"version\":3", "\"version\":4"));
    add(
        "tcb-type-1",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replace("\"tcbType\":0", "\"tcbType\":1"));
    add(
        "identity-version-3",
        "collateral-format",
        p -> p.identity = json -> json.replace("\"version\":2", "\"version\":3"));
    add(
        "svn-256",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replaceFirst("\"svn\":8", "\"svn\":256"));
    add(
        "svn-negative",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replaceFirst("\"svn\":8", "\"svn\":-1"));
    add(
        "svn-as-text",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replaceFirst("\"svn\":8", "\"svn\":\"8\""));
    add(
        "fmspc-short",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replace(TestPki.FMSPC, "00906ed5"));
    add(
        "date-without-zone",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replace("00:00:00Z", "00:00:00"));
    add(
        "tcb-info-for-other-tee",
        "tcb-info-mismatch",
        p -> {
          TestPki td = new TestPki().tdx(4);
          p.tcbInfo = _ -> tdxInfoOf(td);
        });
    add(
        "tcb-info-other-id",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replace("\"id\":\"SGX\"", "\"id\":\"sgx\""));
  }

  private static String tdxInfoOf(TestPki td) {
    Bytes info = td.build().collateral().part(Part.TCB_INFO).orElseThrow();
    String text = new String(info.toArray(), java.nio.charset.StandardCharsets.US_ASCII);
    return text.substring("{\"tcbInfo\":".length(), text.indexOf(",\"signature\""));
  }

  private static void quotingEnclave() {
    String mismatch = "qe-identity-mismatch";
    add("qe-other-signer", mismatch, p -> p.qeSignerId = Bytes.ascii("x").sha256());
    add("qe-other-product", mismatch, p -> p.qeProduct = 2);
    add("qe-other-misc", mismatch, p -> p.qeMisc = 1);
    add("qe-debug", mismatch, p -> p.qeAttributes |= Attributes.DEBUG);
    add(
        "qe-debug-masked-away",
        mismatch,
        p -> {
          p.qeAttributes |= Attributes.DEBUG;
          p.identity = json -> json.replace("FBFFFFFFFFFFFFFF", "F9FFFFFFFFFFFFFF");
        });
    add("qe-other-attributes", mismatch, p -> p.qeAttributes |= Attributes.EINITTOKENKEY);
    add("qe-mode64-ignored", "UpToDate", p -> p.qeAttributes &= ~Attributes.MODE64BIT);
    add(
        "qe-other-id",
        mismatch,
        p -> p.identity = json -> json.replace("\"id\":\"QE\"", "\"id\":\"QVE\""));
    add(
        "qe-td-id",
        mismatch,
        p -> p.identity = json -> json.replace("\"id\":\"QE\"", "\"id\":\"TD_QE\""));
    add(
        "qe-report-by-another",
        "qe-report-signature",
        p -> p.qeReportKey = Optional.of(CertSpec.newKey("secp256r1")));
    add(
        "qe-report-edited",
        "qe-report-signature",
        p -> p.qeReportSigned = report -> flipped(report, 64));
    add("qe-report-data-first-half", "qe-report-data", p -> p.qeReportData = d -> flipped(d, 0));
    add("qe-report-data-second-half", "qe-report-data", p -> p.qeReportData = d -> flipped(d, 63));
  }

  private static void quotes() {
    add(
        "quote-by-another",
        "quote-signature",
        p -> p.quoteKey = Optional.of(CertSpec.newKey("secp256r1")));
    add("quote-edited", "quote-signature", p -> p.quote = q -> flipped(q, 48 + 64));
    add("user-data-edited", "quote-signature", p -> p.quote = q -> flipped(q, 30));
    add(
        "attestation-key-off-curve",
        "quote-format",
        p -> p.statedKey = Optional.of(Bytes.concat(Bytes.zeros(63), Bytes.hex("01"))));
    add("attestation-key-zero", "quote-format", p -> p.statedKey = Optional.of(Bytes.zeros(64)));
    add("epid", "quote-format", p -> p.quote = q -> written(q, 0, "0200"));
    add("version-6", "quote-format", p -> p.quote = q -> written(q, 0, "0600"));
    add("key-type-3", "quote-format", p -> p.quote = q -> written(q, 2, "0300"));
    add("v3-as-tdx", "quote-format", p -> p.quote = q -> written(q, 4, "81000000"));
    add("unknown-tee", "quote-format", p -> p.quote = q -> written(q, 4, "82000000"));
    add("other-vendor", "quote-format", p -> p.quote = q -> flipped(q, 12));
    add(
        "v5-body-type-2-for-sgx",
        "quote-format",
        p -> {
          p.version = 5;
          p.bodyType = 2;
        });
    add(
        "v5-body-type-9",
        "quote-format",
        p -> {
          p.version = 5;
          p.bodyType = 9;
        });
    add(
        "v5-body-size",
        "quote-format",
        p -> {
          p.version = 5;
          p.quote = q -> written(q, 50, "81010000");
        });
    for (int type : new int[] {1, 2, 3, 4, 7}) {
      int size = type == 1 ? 36 : type == 2 ? 276 : type == 3 ? 404 : 8;
      add(
          "certification-type-" + type,
          "certification-data",
          p -> {
            p.certType = type;
            p.certData = Optional.of(Bytes.zeros(size));
          });
    }
    add("certification-type-1-over-pem", "quote-format", p -> p.certType = 1);
    add("certification-type-8", "quote-format", p -> p.certType = 8);
    add(
        "v4-certification-not-nested",
        "quote-format",
        p -> {
          p.version = 4;
          p.quote = q -> written(q, 48 + 384 + 4 + 128, "0500");
        });
    add("reserved-set", "UpToDate", p -> p.body = b -> written(b, 300, "01"));
    add("debug", "UpToDate", p -> p.attributes |= Attributes.DEBUG);
  }

  private static void trustDomains() {
    add(
        "tdx-other-signer",
        "tdx-module-mismatch",
        p -> p.tdx(4).seamSigner = Bytes.concat(Bytes.hex("01"), Bytes.zeros(47)));
    add(
        "tdx-attributes",
        "tdx-module-mismatch",
        p -> p.tdx(4).seamAttributes = Bytes.hex("0100000000000000"));
    add("tdx-unknown-module", "tdx-module-mismatch", p -> svn(p.tdx(4), "04020200"));
    add("tdx-without-module-identity", "UpToDate", p -> svn(p.tdx(4), "09090200", 9, 9));
    add("tdx-module-0-below", "tcb-not-recognised", p -> svn(p.tdx(4), "08000200"));
    add("tdx-module-below", "OutOfDate", p -> svn(p.tdx(4), "03010200"));
    add("tdx-module-no-level", "tcb-not-recognised", p -> svn(p.tdx(4), "01010200"));
    add(
        "tdx-loader-below",
        "OutOfDate",
        p -> {
          svn(p.tdx(4), "04010100");
          p.tdxLevels.set(1, TestPki.tdxLevel(8, 1, "OutOfDate"));
        });
    add("tdx-loader-no-level", "tcb-not-recognised", p -> svn(p.tdx(4), "04010000"));
    add(
        "tdx-module-revoked",
        "Revoked",
        p -> p.tdx(4).moduleLevels.set(0, TestPki.svnLevel(4, "Revoked")));
    add(
        "tdx-sgx-revoked-lower-matches",
        "Revoked",
        p -> {
          svn(p.tdx(4), "04010100");
          p.tdxLevels.set(0, TestPki.tdxLevel(8, 2, "Revoked"));
        });
    add(
        "tdx-identity-of-sgx",
        "qe-identity-mismatch",
        p -> p.tdx(4).identity = json -> json.replace("TD_QE", "QE"));
    relaunch();
  }

  private static void svn(TestPki p, String start) {
    p.teeTcbSvn = Bytes.concat(Bytes.hex(start), Bytes.zeros(12));
  }

  private static void svn(TestPki p, String start, int module, int version) {
    svn(p, start);
    p.tcbInfo =
        json ->
            json.replace("TDX_01", "tdx_%02x".formatted(version))
                .replace("\"isvsvn\":4", "\"isvsvn\":" + module);
  }

  private static void relaunch() {
    add("relaunch", "TDRelaunchAdvised", p -> svn(p.tdx(5), "03010200"));
    add(
        "relaunch-configuration",
        "TDRelaunchAdvisedConfigurationNeeded",
        p -> {
          svn(p.tdx(5), "03010200");
          p.tdxLevels.set(0, TestPki.tdxLevel(8, 2, "ConfigurationNeeded"));
        });
    add(
        "relaunch-not-for-td10",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "03010200");
          p.bodyType = 2;
        });
    add(
        "relaunch-qe-below",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "03010200");
          p.qeSvn = 7;
        });
    add(
        "relaunch-platform-below",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "03010200");
          p.components[0] = 7;
        });
    add(
        "relaunch-module-not-newest",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "03010200");
          p.teeTcbSvn2 = Bytes.concat(Bytes.hex("03010200"), Bytes.zeros(12));
        });
    add(
        "relaunch-loader-not-newest",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "03010200");
          p.teeTcbSvn2 = Bytes.concat(Bytes.hex("04010100"), Bytes.zeros(12));
        });
    add(
        "relaunch-module-unknown",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "03010200");
          p.teeTcbSvn2 = Bytes.concat(Bytes.hex("04020200"), Bytes.zeros(12));
        });
    add(
        "relaunch-to-module-0",
        "TDRelaunchAdvised",
        p -> {
          svn(p.tdx(5), "03010200");
          p.teeTcbSvn2 = Bytes.concat(Bytes.hex("09000200"), Bytes.zeros(12));
        });
    add(
        "relaunch-to-module-0-below",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "03010200");
          p.teeTcbSvn2 = Bytes.concat(Bytes.hex("08000200"), Bytes.zeros(12));
        });
  }

  static Bytes flipped(Bytes bytes, int at) {
    byte[] changed = bytes.toArray();
    changed[at] ^= 1;
    return Bytes.wrap(changed);
  }

  private static Bytes written(Bytes bytes, int at, String hex) {
    byte[] changed = bytes.toArray();
    byte[] with = Bytes.hex(hex).toArray();
    System.arraycopy(with, 0, changed, at, with.length);
    return Bytes.wrap(changed);
  }
}
