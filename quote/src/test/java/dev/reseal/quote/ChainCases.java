package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import java.math.BigInteger;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;

/** Certificates and revocation lists. */
final class ChainCases {
  private ChainCases() {}

  static void addTo(Cases cases) {
    pckChain(cases);
    revocation(cases);
    lists(cases);
    dates(cases);
    signers(cases);
  }

  private static void pckChain(Cases cases) {
    String bad = "pck-chain";
    cases.add(
        "other-root",
        "untrusted-root",
        p -> p.trusted = Optional.of(CertSpec.authority("Test SGX Root CA", 1, 1)));
    cases.add(
        "root-not-self-issued",
        "collateral-chain",
        p -> {
          CertSpec pinned = CertSpec.authority(p.root.name, 1, 1);
          pinned.key = p.root.key;
          p.trusted = Optional.of(pinned);
          p.root.issuerName = Optional.of("Somebody");
        });
    cases.add(
        "root-not-self-signed",
        "collateral-chain",
        p -> p.root.signer = Optional.of(CertSpec.newKey("secp256r1")));
    cases.add("root-no-ca", "collateral-chain", p -> p.root.ca = false);
    cases.add("root-without-cert-sign", "collateral-chain", p -> p.root.usage = KeyUsage.cRLSign);
    cases.add("intermediate-no-ca", bad, p -> p.intermediate.ca = false);
    cases.add("intermediate-without-cert-sign", bad, p -> p.intermediate.usage = KeyUsage.cRLSign);
    cases.add(
        "intermediate-without-crl-sign", "crl", p -> p.intermediate.usage = KeyUsage.keyCertSign);
    cases.add(
        "intermediate-by-another",
        bad,
        p -> p.intermediate.signer = Optional.of(CertSpec.newKey("secp256r1")));
    cases.add(
        "intermediate-other-issuer", bad, p -> p.intermediate.issuerName = Optional.of("Somebody"));
    cases.add(
        "intermediate-other-name",
        bad,
        p -> p.intermediate = CertSpec.authority("Intel SGX PCK Processor CA 2", 2, 0));
    cases.add("path-too-long", "pck-chain", p -> p.root.pathLength = 0);
    cases.add(
        "leaf-by-another", bad, p -> p.leaf.signer = Optional.of(CertSpec.newKey("secp256r1")));
    cases.add("leaf-other-issuer", bad, p -> p.leaf.issuerName = Optional.of("Somebody"));
    cases.add("leaf-other-name", bad, p -> p.leaf.name = "Intel SGX PCK Certificate 2");
    cases.add(
        "leaf-is-ca",
        bad,
        p -> {
          p.leaf.ca = true;
          p.leaf.pathLength = 0;
        });
    cases.add(
        "leaf-without-sgx-extension",
        bad,
        p -> p.leaf.omitted.add(new ASN1ObjectIdentifier("1.2.840.113741.1.13.1")));
    cases.add(
        "leaf-with-empty-sgx-extension", bad, p -> p.leaf.sgx = Optional.of(new DERSequence()));
    Bytes offCurve = Bytes.concat(Bytes.zeros(63), Bytes.hex("01"));
    cases.add("leaf-off-curve", bad, p -> p.leaf.point = Optional.of(offCurve));
    cases.add("intermediate-off-curve", bad, p -> p.intermediate.point = Optional.of(offCurve));
    cases.add("leaf-unknown-critical", bad, p -> p.leaf.critical = Optional.of("1.2.3.4"));
    cases.add("leaf-without-aki", bad, p -> p.leaf.omitted.add(Extension.authorityKeyIdentifier));
    cases.add("leaf-without-ski", bad, p -> p.leaf.omitted.add(Extension.subjectKeyIdentifier));
    cases.add(
        "leaf-without-crl-points", bad, p -> p.leaf.omitted.add(Extension.cRLDistributionPoints));
    cases.add("leaf-without-key-usage", bad, p -> p.leaf.omitted.add(Extension.keyUsage));
    cases.add(
        "leaf-without-basic-constraints", bad, p -> p.leaf.omitted.add(Extension.basicConstraints));
    cases.add(
        "leaf-on-p384",
        bad,
        p -> {
          p.qeReportKey = Optional.of(p.leaf.key);
          p.leaf.key = CertSpec.newKey("secp384r1");
        });
    cases.add("leaf-signed-with-sha384", bad, p -> p.leaf.algorithm = "SHA384withECDSA");
    cases.add(
        "chain-leaf-only",
        bad,
        p -> p.pckPem = pem -> pem.substring(0, pem.indexOf("-----BEGIN", 10)));
    cases.add(
        "chain-of-two",
        bad,
        p -> {
          p.root = CertSpec.authority("Intel SGX PCK Platform CA", 1, 1);
          p.pckPem = _ -> p.leaf.pem(p.root) + p.root.pem(p.root);
        });
    cases.add(
        "chain-of-four", bad, p -> p.pckPem = pem -> pem + pem.substring(0, pem.length() / 3));
    cases.add("chain-reversed", bad, p -> p.pckPem = ChainCases::reversed);
    cases.add("chain-with-text", bad, p -> p.pckPem = pem -> "hello\n" + pem);
    cases.add(
        "other-fmspc",
        "tcb-info-mismatch",
        p ->
            p.leaf.sgx =
                Optional.of(TestPckExtension.of(p.components, 11, "00906ed50001", "0000")));
    cases.add(
        "other-pceid",
        "tcb-info-mismatch",
        p ->
            p.leaf.sgx = Optional.of(TestPckExtension.of(p.components, 11, TestPki.FMSPC, "0001")));
  }

  private static void revocation(Cases cases) {
    cases.add("pck-revoked", "pck-revoked", p -> p.pckCrl.revoked.add(BigInteger.valueOf(3)));
    cases.add("intermediate-revoked", "pck-revoked", p -> p.rootCrl.revoked.add(BigInteger.TWO));
    cases.add(
        "tcb-signer-revoked",
        "collateral-chain",
        p -> p.rootCrl.revoked.add(BigInteger.valueOf(4)));
    cases.add(
        "tcb-signer-alone-revoked",
        "collateral-chain",
        p -> {
          p.qeSigner = Optional.of(CertSpec.leaf("Intel SGX TCB Signing", 5));
          p.rootCrl.revoked.add(BigInteger.valueOf(4));
        });
    cases.add(
        "qe-signer-revoked",
        "collateral-chain",
        p -> {
          p.qeSigner = Optional.of(CertSpec.leaf("Intel SGX TCB Signing", 5));
          p.rootCrl.revoked.add(BigInteger.valueOf(5));
        });
    cases.add(
        "others-revoked",
        "UpToDate",
        p -> {
          p.pckCrl.revoked.add(BigInteger.TWO);
          p.rootCrl.revoked.add(BigInteger.valueOf(3));
        });
  }

  private static void lists(Cases cases) {
    for (boolean rootList : new boolean[] {true, false}) {
      String name = rootList ? "root-crl-" : "pck-crl-";
      cases.add(
          name + "by-another",
          "crl",
          p -> list(p, rootList).signer = Optional.of(CertSpec.newKey("secp256r1")));
      cases.add(
          name + "other-issuer",
          "crl",
          p -> list(p, rootList).issuerName = Optional.of("Somebody"));
      cases.add(name + "without-number", "crl", p -> list(p, rootList).withNumber = false);
      cases.add(name + "number-0", "UpToDate", p -> list(p, rootList).number = 0);
      cases.add(name + "critical-number", "UpToDate", p -> list(p, rootList).criticalNumber = true);
      cases.add(
          name + "unknown-extension",
          "UpToDate",
          p -> list(p, rootList).unknown = Optional.of(false));
      cases.add(
          name + "unknown-critical", "crl", p -> list(p, rootList).unknown = Optional.of(true));
      cases.add(
          name + "critical-entry",
          "crl",
          p -> {
            list(p, rootList).revoked.add(BigInteger.valueOf(99));
            list(p, rootList).criticalEntries = true;
          });
      cases.add(name + "without-aki", "crl", p -> list(p, rootList).withAuthorityKey = false);
      cases.add(
          name + "ended", "crl-expired", p -> list(p, rootList).until = TestPki.AT.minusSeconds(1));
      cases.add(
          name + "later",
          "crl-not-yet-valid",
          p -> list(p, rootList).from = TestPki.AT.plusSeconds(1));
      cases.add(name + "last-second", "UpToDate", p -> list(p, rootList).until = TestPki.AT);
      cases.add(name + "first-second", "UpToDate", p -> list(p, rootList).from = TestPki.AT);
    }
    cases.add("root-without-crl-sign", "crl", p -> p.root.usage = KeyUsage.keyCertSign);
  }

  private static void dates(Cases cases) {
    String ended = "certificate-expired";
    String later = "certificate-not-yet-valid";
    cases.add("leaf-ended", ended, p -> p.leaf.until = TestPki.AT.minusSeconds(1));
    cases.add("leaf-later", later, p -> p.leaf.from = TestPki.AT.plusSeconds(1));
    cases.add("leaf-last-second", "UpToDate", p -> p.leaf.until = TestPki.AT);
    cases.add("leaf-first-second", "UpToDate", p -> p.leaf.from = TestPki.AT);
    cases.add("intermediate-ended", ended, p -> p.intermediate.until = TestPki.AT.minusSeconds(1));
    cases.add("intermediate-later", later, p -> p.intermediate.from = TestPki.AT.plusSeconds(1));
    cases.add("root-ended", ended, p -> p.root.until = TestPki.AT.minusSeconds(1));
    cases.add("root-later", later, p -> p.root.from = TestPki.AT.plusSeconds(1));
    cases.add("signer-ended", ended, p -> p.tcbSigner.until = TestPki.AT.minusSeconds(1));
    cases.add("signer-later", later, p -> p.tcbSigner.from = TestPki.AT.plusSeconds(1));
    cases.add(
        "tcb-signer-alone-ended",
        ended,
        p -> {
          p.qeSigner = Optional.of(CertSpec.leaf("Intel SGX TCB Signing", 5));
          p.tcbSigner.until = TestPki.AT.minusSeconds(1);
        });
    cases.add(
        "qe-signer-ended",
        ended,
        p -> {
          CertSpec signer = CertSpec.leaf("Intel SGX TCB Signing", 5);
          signer.until = TestPki.AT.minusSeconds(1);
          p.qeSigner = Optional.of(signer);
        });
    cases.add("tcb-info-ended", "collateral-expired", p -> p.tcbUntil = TestPki.AT.minusSeconds(1));
    cases.add(
        "tcb-info-later", "collateral-not-yet-valid", p -> p.tcbIssued = TestPki.AT.plusSeconds(1));
    cases.add("tcb-info-last-second", "UpToDate", p -> p.tcbUntil = TestPki.AT);
    cases.add("tcb-info-first-second", "UpToDate", p -> p.tcbIssued = TestPki.AT);
    cases.add("identity-ended", "collateral-expired", p -> p.qeUntil = TestPki.AT.minusSeconds(1));
    cases.add(
        "identity-later", "collateral-not-yet-valid", p -> p.qeIssued = TestPki.AT.plusSeconds(1));
  }

  private static void signers(Cases cases) {
    cases.add(
        "signer-other-name",
        "collateral-chain",
        p -> p.tcbSigner = CertSpec.leaf("Intel SGX PCK Certificate", 4));
    cases.add(
        "signer-is-ca",
        "collateral-chain",
        p -> p.tcbSigner = CertSpec.authority("Intel SGX TCB Signing", 4, 0));
    cases.add(
        "signer-by-another",
        "collateral-chain",
        p -> p.tcbSigner.signer = Optional.of(CertSpec.newKey("secp256r1")));
    cases.add(
        "qe-signer-by-another",
        "collateral-chain",
        p -> {
          CertSpec signer = CertSpec.leaf("Intel SGX TCB Signing", 5);
          signer.signer = Optional.of(CertSpec.newKey("secp256r1"));
          p.qeSigner = Optional.of(signer);
        });
    cases.add(
        "signer-unknown-critical",
        "collateral-chain",
        p -> p.tcbSigner.critical = Optional.of("1.2.3.4"));
    cases.add(
        "signer-without-key-usage",
        "collateral-chain",
        p -> p.tcbSigner.omitted.add(Extension.keyUsage));
    for (Part part : Part.values()) {
      String name = part.fileName().replaceAll("\\..*", "").replace('_', '-');
      cases.add(
          "missing-" + name,
          part == Part.PCK_CRL_ISSUER_CHAIN ? "UpToDate" : "collateral-missing",
          p -> p.missing.add(part));
    }
  }

  private static String reversed(String pem) {
    String[] parts = pem.split("(?=-----BEGIN)");
    return parts[2] + parts[1] + parts[0];
  }

  private static CrlSpec list(TestPki p, boolean root) {
    return root ? p.rootCrl : p.pckCrl;
  }
}
