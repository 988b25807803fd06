package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.time.Instant;
import java.util.List;

/** What holds for every chain of Intel's SGX PKI, whatever it certifies (sgx PKI profile). */
record ChainRules(Signatures signatures, TrustAnchors anchors) {
  /** The certificates of a PEM chain, which are {@code length}: the lowest first, the root last. */
  static List<Certificate> read(String what, Bytes pem, int length, Reason reason) throws Refusal {
    try {
      List<Certificate> chain = Certificate.chain(what, pem, length);
      Refusal.unless(
          chain.size() == length,
          reason,
          what,
          chain.size() + " certificates",
          length + ", the root last");
      return chain;
    } catch (MalformedException bad) {
      throw Refusal.of(reason, bad);
    }
  }

  /**
   * Checks names, extensions, signatures and the root's key of {@code chain}, leaf first. Dates and
   * revocation are judged elsewhere, because they change with time.
   *
   * @param reason for everything but an unknown root
   */
  void check(String what, List<Certificate> chain, String leafName, Reason reason) throws Refusal {
    Certificate root = chain.getLast();
    Refusal.unless(
        root.selfIssued(), reason, what, "a last certificate by " + root.issuer(), "a root");
    pinned(what, root);
    Certificate leaf = chain.getFirst();
    Refusal.unless(
        leaf.subject().commonName().equals(leafName),
        reason,
        what,
        leaf.subject().toString(),
        "CN=" + leafName);
    Refusal.unless(!leaf.extensions().authority(), reason, what, "a leaf that is a CA", "a leaf");
    for (int i = 0; i < chain.size(); i++) {
      certificate(what, chain.get(i), reason);
      issued(what, chain, i, reason);
    }
  }

  private void pinned(String what, Certificate root) throws Refusal {
    Refusal.unless(
        anchors.trusts(root),
        Reason.UNTRUSTED_ROOT,
        what,
        "root key " + root.keyId(),
        "one of " + anchors.kinds().keySet());
  }

  /** A CA of PCK certificates, right below a pinned root. */
  void authority(String what, Certificate ca, Certificate root, String name) throws Refusal {
    pinned(what, root);
    Refusal.unless(
        ca.subject().commonName().equals(name)
            && ca.issuer().equals(root.subject())
            && root.extensions().mayIssue()
            && signatures.by(root, ca.signed()),
        Reason.COLLATERAL_CHAIN,
        what,
        ca.subject() + " by " + ca.issuer(),
        "CN=" + name + " by the root");
  }

  private static void certificate(String what, Certificate certificate, Reason reason)
      throws Refusal {
    Refusal.unless(
        certificate.extensions().complete(),
        reason,
        what,
        certificate.subject() + " without all required extensions",
        "key ids, CRL points, key usage and basic constraints");
    Refusal.unless(
        !certificate.extensions().unknownCritical(),
        reason,
        what,
        certificate.subject() + " with an unknown critical extension",
        "none");
  }

  private void issued(String what, List<Certificate> chain, int at, Reason reason) throws Refusal {
    Certificate child = chain.get(at);
    Certificate issuer = chain.get(Math.min(at + 1, chain.size() - 1));
    Refusal.unless(
        child.issuer().equals(issuer.subject()),
        reason,
        what,
        child.subject() + " by " + child.issuer(),
        "by " + issuer.subject());
    Refusal.unless(
        issuer.extensions().mayIssue()
            && issuer.extensions().pathLength() >= at - (at == chain.size() - 1 ? 1 : 0),
        reason,
        what,
        issuer.subject() + " may not issue " + child.subject(),
        "a CA with keyCertSign and room in its path length");
    Refusal.unless(
        child.extensions().sgx().isPresent()
            ? signatures.verifies(issuer, child.signed())
            : signatures.by(issuer, child.signed()),
        reason,
        what,
        "a signature of " + child.subject() + " that does not verify",
        "one by " + issuer.subject());
  }

  static void inDate(String what, List<Certificate> chain, Instant at) throws Refusal {
    for (Certificate certificate : chain) {
      Validity validity = certificate.validity();
      String name = what + ", " + certificate.subject();
      Refusal.unless(
          !at.isBefore(validity.from()),
          Reason.CERTIFICATE_NOT_YET_VALID,
          name,
          "instant " + at,
          "from " + validity.from());
      Refusal.unless(
          !at.isAfter(validity.until()),
          Reason.CERTIFICATE_EXPIRED,
          name,
          "instant " + at,
          "until " + validity.until());
    }
  }

  /** Issuer name and signature of a CRL; dates are judged elsewhere. */
  void crl(String what, Crl crl, Certificate issuer) throws Refusal {
    Refusal.unless(
        crl.issuer().equals(issuer.subject()),
        Reason.CRL,
        what,
        "issuer " + crl.issuer(),
        issuer.subject().toString());
    Refusal.unless(
        (issuer.extensions().keyUsage() & CertificateExtensions.CRL_SIGN) != 0,
        Reason.CRL,
        what,
        issuer.subject() + " without cRLSign",
        "cRLSign");
    Refusal.unless(
        signatures.by(issuer, crl.signed()),
        Reason.CRL,
        what,
        "a signature that does not verify",
        "one by " + issuer.subject());
  }

  static void inDate(String what, Crl crl, Instant at) throws Refusal {
    Refusal.unless(
        !at.isBefore(crl.validity().from()),
        Reason.CRL_NOT_YET_VALID,
        what,
        "instant " + at,
        "from " + crl.validity().from());
    Refusal.unless(
        !at.isAfter(crl.validity().until()),
        Reason.CRL_EXPIRED,
        what,
        "instant " + at,
        "until " + crl.validity().until());
  }
}
