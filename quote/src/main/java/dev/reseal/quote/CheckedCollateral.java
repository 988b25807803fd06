package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.sgx.MalformedException;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * Collateral whose signatures verify up to a pinned root. What depends on time or on a platform is
 * judged at every use: dates, revocation, the root, and the PCK CRL's issuer, which the platform
 * names.
 */
public final class CheckedCollateral {
  private static final String SIGNER = "Intel SGX TCB Signing";
  private static final String TCB_CHAIN = "TCB info issuer chain";
  private static final String QE_CHAIN = "QE identity issuer chain";
  private static final int CHAIN_LENGTH = 2;

  private final TcbInfo tcbInfo;
  private final QeIdentity qeIdentity;
  private final List<Certificate> tcbChain;
  private final List<Certificate> qeChain;
  private final Crl rootCrl;
  private final Crl pckCrl;

  private CheckedCollateral(
      TcbInfo tcbInfo,
      QeIdentity qeIdentity,
      List<Certificate> tcbChain,
      List<Certificate> qeChain,
      Crl rootCrl,
      Crl pckCrl) {
    this.tcbInfo = tcbInfo;
    this.qeIdentity = qeIdentity;
    this.tcbChain = tcbChain;
    this.qeChain = qeChain;
    this.rootCrl = rootCrl;
    this.pckCrl = pckCrl;
  }

  static CheckedCollateral check(Collateral collateral, ChainRules rules) throws Refusal {
    for (Part part : Part.values()) {
      if (part != Part.PCK_CRL_ISSUER_CHAIN) {
        collateral.need(part);
      }
    }
    List<Certificate> tcbChain = chain(collateral, Part.TCB_INFO_ISSUER_CHAIN, TCB_CHAIN, rules);
    List<Certificate> qeChain = chain(collateral, Part.QE_IDENTITY_ISSUER_CHAIN, QE_CHAIN, rules);
    Crl rootCrl = crl("root CRL", collateral.need(Part.ROOT_CA_CRL));
    rules.crl("root CRL", rootCrl, tcbChain.getLast());
    Crl pckCrl = crl("PCK CRL", collateral.need(Part.PCK_CRL));
    TcbInfo tcbInfo =
        signed(
            List.of("tcbInfo"),
            collateral.need(Part.TCB_INFO),
            tcbChain.getFirst(),
            rules,
            Reason.TCB_INFO_SIGNATURE,
            TcbInfo::read);
    QeIdentity identity =
        signed(
            List.of("enclaveIdentity", "qeIdentity"),
            collateral.need(Part.QE_IDENTITY),
            qeChain.getFirst(),
            rules,
            Reason.QE_IDENTITY_SIGNATURE,
            QeIdentity::read);
    return new CheckedCollateral(tcbInfo, identity, tcbChain, qeChain, rootCrl, pckCrl);
  }

  private static List<Certificate> chain(
      Collateral collateral, Part part, String what, ChainRules rules) throws Refusal {
    List<Certificate> chain =
        ChainRules.read(what, collateral.need(part), CHAIN_LENGTH, Reason.COLLATERAL_CHAIN);
    rules.check(what, chain, SIGNER, Reason.COLLATERAL_CHAIN);
    return chain;
  }

  private static Crl crl(String what, Bytes file) throws Refusal {
    try {
      return Crl.parse(what, file);
    } catch (MalformedException bad) {
      throw Refusal.of(Reason.CRL, bad);
    }
  }

  /** Reads the inner object of signed JSON. */
  private interface Reading<T> {
    T read(Json.Obj in) throws MalformedException;
  }

  /** The signature first: what is not signed is not interpreted. */
  private static <T> T signed(
      List<String> names,
      Bytes file,
      Certificate signer,
      ChainRules rules,
      Reason badSignature,
      Reading<T> reading)
      throws Refusal {
    try {
      SignedJson json = SignedJson.parse(names, file);
      Refusal.unless(
          rules.signatures().by(signer, new Signed(json.message(), json.signature())),
          badSignature,
          names.getFirst(),
          "a signature that does not verify",
          "one by " + signer.subject() + " over the bytes as delivered");
      return reading.read(json.value());
    } catch (MalformedException bad) {
      throw Refusal.of(Reason.COLLATERAL_FORMAT, bad);
    }
  }

  static void pckCrlBy(Collateral collateral, Origin.Authority authority, ChainRules rules)
      throws Refusal {
    String what = "PCK CRL issuer chain";
    List<Certificate> chain =
        ChainRules.read(
            what,
            collateral.need(Part.PCK_CRL_ISSUER_CHAIN),
            CHAIN_LENGTH,
            Reason.COLLATERAL_CHAIN);
    rules.authority(what, chain.getFirst(), chain.getLast(), authority.commonName());
    rules.crl("PCK CRL", crl("PCK CRL", collateral.need(Part.PCK_CRL)), chain.getFirst());
  }

  /** By the root of the platform at hand: another root, pinned as well, has no say over it. */
  void under(Certificate root) throws Refusal {
    under(TCB_CHAIN, tcbChain, root);
    under(QE_CHAIN, qeChain, root);
  }

  private static void under(String what, List<Certificate> chain, Certificate root) throws Refusal {
    Bytes key = chain.getLast().keyId();
    Refusal.unless(
        key.equals(root.keyId()),
        Reason.UNTRUSTED_ROOT,
        what,
        "root key " + key,
        "the platform's, " + root.keyId());
  }

  /** Both CRLs: the PCK CRL by the CA of the platform at hand, both in date. */
  void crls(ChainRules rules, Certificate authority, Instant at) throws Refusal {
    rules.crl("PCK CRL", pckCrl, authority);
    ChainRules.inDate("root CRL", rootCrl, at);
    ChainRules.inDate("PCK CRL", pckCrl, at);
  }

  /** Signers not revoked, everything signed in date. */
  void current(Instant at) throws Refusal {
    signer(TCB_CHAIN, tcbChain, at);
    inDate("TCB info", tcbInfo.issueDate(), tcbInfo.nextUpdate(), at);
    signer(QE_CHAIN, qeChain, at);
    inDate("QE identity", qeIdentity.issueDate(), qeIdentity.nextUpdate(), at);
  }

  private void signer(String what, List<Certificate> chain, Instant at) throws Refusal {
    Refusal.unless(
        !rootCrl.revoked().contains(chain.getFirst().serial()),
        Reason.COLLATERAL_CHAIN,
        what,
        "a signer in the root CRL",
        "a signer that is not revoked");
    ChainRules.inDate(what, chain, at);
  }

  private static void inDate(String what, Instant from, Instant until, Instant at) throws Refusal {
    Refusal.unless(
        !at.isBefore(from), Reason.COLLATERAL_NOT_YET_VALID, what, "instant " + at, "from " + from);
    Refusal.unless(
        !at.isAfter(until), Reason.COLLATERAL_EXPIRED, what, "instant " + at, "until " + until);
  }

  /** The earliest end of everything that a verdict over {@code chain} rests on. */
  Instant validUntil(List<Certificate> chain) {
    Stream<Instant> certificates =
        Stream.of(chain, tcbChain, qeChain).flatMap(List::stream).map(c -> c.validity().until());
    Stream<Instant> lists =
        Stream.of(
            rootCrl.validity().until(),
            pckCrl.validity().until(),
            tcbInfo.nextUpdate(),
            qeIdentity.nextUpdate());
    return Stream.concat(certificates, lists).min(Instant::compareTo).orElseThrow();
  }

  Evidence evidence(Instant tcbDate) {
    Instant issued =
        tcbInfo.issueDate().isBefore(qeIdentity.issueDate())
            ? tcbInfo.issueDate()
            : qeIdentity.issueDate();
    return new Evidence(evaluationNumber(), issued, tcbDate, rootCrl.number(), pckCrl.number());
  }

  /** The lower of TCB info's and QE identity's, because both must be recent. */
  public int evaluationNumber() {
    return Math.min(tcbInfo.evaluationNumber(), qeIdentity.evaluationNumber());
  }

  public Tee tee() {
    return tcbInfo.tee();
  }

  public Bytes fmspc() {
    return tcbInfo.fmspc();
  }

  public BigInteger rootCrlNumber() {
    return rootCrl.number();
  }

  public BigInteger pckCrlNumber() {
    return pckCrl.number();
  }

  /** When TCB info and QE identity were issued and when the first part of this set ends. */
  public Validity window() {
    return new Validity(evidence(Instant.MIN).issued(), validUntil(List.of()));
  }

  TcbInfo tcbInfo() {
    return tcbInfo;
  }

  QeIdentity qeIdentity() {
    return qeIdentity;
  }

  Crl rootCrl() {
    return rootCrl;
  }

  Crl pckCrl() {
    return pckCrl;
  }
}
