package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.quote.Origin.Authority;
import java.math.BigInteger;
import java.time.Instant;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Collateral by itself: verified once, judged for its dates, and its PCK CRL for its CA. */
class CheckedCollateralTest {
  private static String word(Optional<Verdict.Refused> refused) {
    return refused.map(found -> found.reason().word()).orElse("good");
  }

  private static Verifier verifier(TestPki.Built built) throws Exception {
    return Verifier.of(P256.fastest(), TrustAnchors.ofPem(built.rootPem()));
  }

  /** Judged from bytes and with collateral verified before, a quote has one verdict. */
  @Test
  void collateralCheckedBeforeGivesTheSameVerdicts() throws Exception {
    for (Map.Entry<String, CaseFiles.Vector> vector : CaseFiles.read().entrySet()) {
      TestPki.Built built = vector.getValue().built();
      Verifier verifier = verifier(built);
      Verdict plain = built.judged(verifier);
      Verdict twoSteps =
          switch (verifier.check(built.collateral())) {
            case Verifier.Checked.Good good ->
                verifier.verify(built.quote(), good.collateral(), built.at());
            case Verifier.Checked.Bad bad -> bad.refused();
          };
      if (vector.getValue().expected().equals("quote-format")) {
        assertThat(twoSteps).as(vector.getKey()).isInstanceOf(Verdict.Refused.class);
      } else {
        assertThat(twoSteps).as(vector.getKey()).isEqualTo(plain);
      }
    }
  }

  /** Of two pinned roots, each says what holds for its own platforms only. */
  @Test
  void collateralUnderAnotherPinnedRootIsRefused() throws Exception {
    TestPki.Built own = new TestPki().build();
    TestPki.Built other = new TestPki().build();
    Set<Bytes> roots = new HashSet<>(TrustAnchors.ofPem(own.rootPem()).kinds().keySet());
    roots.addAll(TrustAnchors.ofPem(other.rootPem()).kinds().keySet());
    Verifier both = Verifier.of(P256.fastest(), TrustAnchors.ofKeys(roots));
    assertThat(EveryCheckTest.word(own.judged(both))).isEqualTo("UpToDate");
    for (Set<Part> theirs :
        List.of(
            EnumSet.of(Part.TCB_INFO, Part.TCB_INFO_ISSUER_CHAIN, Part.ROOT_CA_CRL),
            EnumSet.of(Part.QE_IDENTITY, Part.QE_IDENTITY_ISSUER_CHAIN))) {
      Map<Part, Bytes> parts = new EnumMap<>(own.collateral().parts());
      theirs.forEach(part -> parts.put(part, other.collateral().part(part).orElseThrow()));
      assertThat(EveryCheckTest.word(both.verify(own.quote(), new Collateral(parts), own.at())))
          .as("%s", theirs)
          .isEqualTo("untrusted-root");
    }
  }

  private static CheckedCollateral checked(TestPki.Built built) throws Exception {
    if (verifier(built).check(built.collateral()) instanceof Verifier.Checked.Good good) {
      return good.collateral();
    }
    throw new IllegalStateException("bad collateral");
  }

  private static String current(Consumer<TestPki> change, Instant at) throws Exception {
    TestPki pki = new TestPki();
    change.accept(pki);
    TestPki.Built built = pki.build();
    return word(verifier(built).current(checked(built), at));
  }

  @Test
  void eachPartOfACollateralSetHasItsDates() throws Exception {
    Instant late = TestPki.AT.plusSeconds(1);
    Instant early = TestPki.AT.minusSeconds(1);
    assertThat(current(p -> {}, TestPki.AT)).isEqualTo("good");
    assertThat(current(p -> p.rootCrl.from = late, TestPki.AT)).isEqualTo("crl-not-yet-valid");
    assertThat(current(p -> p.rootCrl.until = early, TestPki.AT)).isEqualTo("crl-expired");
    assertThat(current(p -> p.pckCrl.from = late, TestPki.AT)).isEqualTo("crl-not-yet-valid");
    assertThat(current(p -> p.pckCrl.until = early, TestPki.AT)).isEqualTo("crl-expired");
    assertThat(current(p -> p.tcbUntil = early, TestPki.AT)).isEqualTo("collateral-expired");
    assertThat(current(p -> p.qeIssued = late, TestPki.AT)).isEqualTo("collateral-not-yet-valid");
  }

  @Test
  void whatItSaysOfItselfIsRead() throws Exception {
    TestPki pki = new TestPki();
    pki.rootCrl.number = 5;
    pki.pckCrl.number = 6;
    pki.tcbEvaluation = 16;
    pki.qeIssued = TestPki.ISSUED.minusSeconds(9);
    pki.pckCrl.until = TestPki.UNTIL.minusSeconds(9);
    CheckedCollateral checked = checked(pki.build());
    assertThat(checked.tee()).isEqualTo(Tee.SGX);
    assertThat(checked.fmspc()).isEqualTo(Bytes.hex(TestPki.FMSPC));
    assertThat(checked.rootCrlNumber()).isEqualTo(BigInteger.valueOf(5));
    assertThat(checked.pckCrlNumber()).isEqualTo(BigInteger.valueOf(6));
    assertThat(checked.evaluationNumber()).isEqualTo(16);
    assertThat(checked.window())
        .isEqualTo(new Validity(TestPki.ISSUED.minusSeconds(9), TestPki.UNTIL.minusSeconds(9)));
    assertThat(checked(new TestPki().tdx(4).build()).tee()).isEqualTo(Tee.TDX);
  }

  private static String listBy(Consumer<TestPki> change, Authority authority) throws Exception {
    TestPki pki = new TestPki();
    change.accept(pki);
    TestPki.Built built = pki.build();
    return word(verifier(built).pckCrlBy(built.collateral(), authority));
  }

  @Test
  void aPckCrlIsByTheCaThatWasAskedFor() throws Exception {
    String chain = "collateral-chain";
    assertThat(listBy(p -> {}, Authority.PLATFORM)).isEqualTo("good");
    assertThat(listBy(p -> {}, Authority.PROCESSOR)).isEqualTo(chain);
    assertThat(
            listBy(
                p -> p.intermediate = CertSpec.authority("Intel SGX PCK Processor CA", 2, 0),
                Authority.PROCESSOR))
        .isEqualTo("good");
    assertThat(listBy(p -> p.intermediate.issuerName = Optional.of("Other"), Authority.PLATFORM))
        .isEqualTo(chain);
    assertThat(listBy(p -> p.intermediate.signer = Optional.of(other()), Authority.PLATFORM))
        .isEqualTo(chain);
    assertThat(listBy(p -> p.pckCrl.signer = Optional.of(other()), Authority.PLATFORM))
        .isEqualTo("crl");
    assertThat(listBy(p -> p.missing.add(Part.PCK_CRL), Authority.PLATFORM))
        .isEqualTo("collateral-missing");
    assertThat(listBy(p -> p.missing.add(Part.PCK_CRL_ISSUER_CHAIN), Authority.PLATFORM))
        .isEqualTo("collateral-missing");
    assertThat(
            listBy(
                p -> p.trusted = Optional.of(CertSpec.authority(p.root.name, 1, 1)),
                Authority.PLATFORM))
        .isEqualTo("untrusted-root");
  }

  private static java.security.KeyPair other() {
    return CertSpec.newKey("secp256r1");
  }

  private static String issuedBy(TestPki pki, String pem) throws Exception {
    TestPki.Built built = pki.build();
    Map<Part, Bytes> parts = new EnumMap<>(built.collateral().parts());
    parts.put(Part.PCK_CRL_ISSUER_CHAIN, Bytes.ascii(pem));
    return word(verifier(built).pckCrlBy(new Collateral(parts), Authority.PLATFORM));
  }

  @Test
  void theIssuerChainOfAPckCrlIsCaAndRoot() throws Exception {
    TestPki pki = new TestPki();
    String ca = pki.intermediate.pem(pki.root);
    String root = pki.root.pem(pki.root);
    assertThat(issuedBy(pki, ca + root)).isEqualTo("good");
    assertThat(issuedBy(pki, root)).isEqualTo("collateral-chain");
    assertThat(issuedBy(pki, ca + ca + root)).isEqualTo("collateral-chain");
    assertThat(issuedBy(pki, "nothing")).isEqualTo("collateral-chain");
    TestPki rootAsCa = new TestPki();
    rootAsCa.root = CertSpec.authority("Intel SGX PCK Platform CA", 1, 1);
    rootAsCa.intermediate = rootAsCa.root;
    assertThat(issuedBy(rootAsCa, rootAsCa.root.pem(rootAsCa.root))).isEqualTo("collateral-chain");
    TestPki weak = new TestPki();
    weak.root.usage = org.bouncycastle.asn1.x509.KeyUsage.cRLSign;
    assertThat(issuedBy(weak, weak.intermediate.pem(weak.root) + weak.root.pem(weak.root)))
        .isEqualTo("collateral-chain");
  }
}
