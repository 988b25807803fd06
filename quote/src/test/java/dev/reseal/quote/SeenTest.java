package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a verifier remembers, and that it remembers nothing that did not verify. */
class SeenTest {
  private static final P256 BY = P256.fastest();

  private TestPki.Built good;
  private ChainRules rules;
  private Seen seen;

  @BeforeEach
  void build() throws Exception {
    good = new TestPki().build();
    seen = Seen.authoritiesAndPlatforms();
    rules = new ChainRules(new Signatures(BY, seen), TrustAnchors.ofPem(good.rootPem()));
  }

  @Test
  void eachKindRemembersWhatItsNameSays() {
    assertThat(Seen.nothing().remembersLinks()).isFalse();
    assertThat(Seen.nothing().remembersChains()).isFalse();
    assertThat(Seen.authorities().remembersLinks()).isTrue();
    assertThat(Seen.authorities().remembersChains()).isFalse();
    assertThat(seen.remembersLinks()).isTrue();
    assertThat(seen.remembersChains()).isTrue();
  }

  @Test
  void aSlotHoldsTheNewestFactAndMistakesNoneForAnother() {
    Bytes fact = Bytes.ascii("fact").sha256();
    Bytes rival = rival(fact, 1024);
    assertThat(seen.link(fact)).isFalse();
    seen.keepLink(fact);
    assertThat(seen.link(fact)).isTrue();
    assertThat(seen.link(rival)).isFalse();
    seen.keepLink(rival);
    assertThat(seen.link(rival)).isTrue();
    assertThat(seen.link(fact)).isFalse();
  }

  /** Another hash that falls into the same slot of {@code slots}. */
  private static Bytes rival(Bytes fact, int slots) {
    Bytes other = fact.sha256();
    while (Math.floorMod(other.hashCode() - fact.hashCode(), slots) != 0) {
      other = other.sha256();
    }
    return other;
  }

  private List<Certificate> signer() throws Exception {
    Part part = Part.TCB_INFO_ISSUER_CHAIN;
    return Certificate.chain("chain", good.collateral().part(part).orElseThrow(), 2);
  }

  private static Bytes fact(Certificate issuer, Signed signed) {
    return Bytes.sha256(issuer.point(), signed.signature(), signed.message());
  }

  @Test
  void onlyASignatureThatVerifiedIsRemembered() throws Exception {
    Certificate leaf = signer().getFirst();
    Certificate root = signer().getLast();
    assertThat(rules.signatures().by(leaf, leaf.signed())).isFalse();
    assertThat(seen.link(fact(leaf, leaf.signed()))).isFalse();
    assertThat(rules.signatures().by(root, leaf.signed())).isTrue();
    assertThat(seen.link(fact(root, leaf.signed()))).isTrue();
    seen.keepLink(fact(leaf, root.signed()));
    assertThat(rules.signatures().by(leaf, root.signed())).isTrue();
    assertThat(rules.signatures().verifies(leaf, root.signed())).isFalse();
    assertThat(new Signatures(BY, Seen.nothing()).by(root, leaf.signed())).isTrue();
    assertThat(new Signatures(BY, Seen.nothing()).by(leaf, leaf.signed())).isFalse();
  }

  @Test
  void theCertificateOfAPlatformIsNoFactToKeep() throws Exception {
    Bytes pem = Quote.parse(good.quote()).certification().data();
    PckChain chain = PckChain.of(pem, rules);
    assertThat(seen.link(fact(chain.intermediate(), chain.leaf().signed()))).isFalse();
    assertThat(seen.link(fact(chain.root(), chain.intermediate().signed()))).isTrue();
  }

  @Test
  void aPlatformIsRememberedByItsWholeChain() throws Exception {
    Bytes pem = Quote.parse(good.quote()).certification().data();
    PckChain chain = PckChain.of(pem, rules);
    assertThat(PckChain.of(pem, rules)).isSameAs(chain);
    assertThat(seen.chain(pem.sha256())).contains(chain);
    Bytes rival = rival(pem.sha256(), 4096);
    assertThat(seen.chain(rival)).isEqualTo(Optional.empty());
    seen.keepChain(rival, chain);
    assertThat(seen.chain(rival)).contains(chain);
    assertThat(seen.chain(pem.sha256())).isEmpty();
    ChainRules plain = new ChainRules(new Signatures(BY, Seen.nothing()), rules.anchors());
    assertThat(PckChain.of(pem, plain)).isEqualTo(chain).isNotSameAs(chain);
  }

  @Test
  void whatIsRememberedIsStillJudgedByDateAndRevocation() throws Exception {
    TestPki pki = new TestPki();
    TestPki.Built fine = pki.build();
    pki.pckCrl.revoked.add(pki.leaf.serial);
    TestPki.Built revoked = pki.build();
    Verifier verifier = Verifier.remembering(BY, TrustAnchors.ofPem(fine.rootPem()));
    assertThat(EveryCheckTest.word(fine.judged(verifier))).isEqualTo("UpToDate");
    assertThat(EveryCheckTest.word(revoked.judged(verifier))).isEqualTo("pck-revoked");
    assertThat(EveryCheckTest.word(verifier.verify(fine.quote(), fine.collateral(), TestPki.UNTIL)))
        .isEqualTo("UpToDate");
    assertThat(
            EveryCheckTest.word(
                verifier.verify(fine.quote(), fine.collateral(), TestPki.UNTIL.plusSeconds(1))))
        .isEqualTo("crl-expired");
  }

  @Test
  void whoRemembersAuthoritiesJudgesEachPlatformAnew() throws Exception {
    Verifier verifier = Verifier.rememberingAuthorities(BY, rules.anchors());
    Verdict plain = good.judged(Verifier.of(BY, rules.anchors()));
    assertThat(good.judged(verifier)).isEqualTo(plain);
    assertThat(good.judged(verifier)).isEqualTo(plain);
  }
}
