package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.PlatformKind;
import java.security.PublicKey;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/** The three certificates of a platform, verified up to a pinned root but for dates and CRLs. */
record PckChain(
    Certificate leaf,
    Certificate intermediate,
    Certificate root,
    PlatformKind rootKind,
    PckExtension pck,
    PublicKey key) {
  private static final String LEAF = "Intel SGX PCK Certificate";
  private static final Set<String> AUTHORITIES =
      Set.of(Origin.Authority.PROCESSOR.commonName(), Origin.Authority.PLATFORM.commonName());
  private static final String WHAT = "PCK chain";
  private static final int LENGTH = 3;

  /** Reads and verifies the chain in a quote, or takes it from memory. */
  static PckChain of(Bytes pem, ChainRules rules) throws Refusal {
    Seen seen = rules.signatures().seen();
    if (!seen.remembersChains()) {
      return verify(pem, rules);
    }
    Bytes key = pem.sha256();
    var known = seen.chain(key);
    if (known.isPresent()) {
      return known.get();
    }
    PckChain chain = verify(pem, rules);
    seen.keepChain(key, chain);
    return chain;
  }

  private static PckChain verify(Bytes pem, ChainRules rules) throws Refusal {
    List<Certificate> chain = ChainRules.read(WHAT, pem, LENGTH, Reason.PCK_CHAIN);
    rules.check(WHAT, chain, LEAF, Reason.PCK_CHAIN);
    Certificate leaf = chain.getFirst();
    Certificate intermediate = chain.get(1);
    Refusal.unless(
        AUTHORITIES.contains(intermediate.subject().commonName()),
        Reason.PCK_CHAIN,
        WHAT,
        intermediate.subject().toString(),
        "one of " + AUTHORITIES);
    PckExtension pck =
        leaf.extensions()
            .sgx()
            .orElseThrow(
                () -> new Refusal(Reason.PCK_CHAIN, WHAT, "no SGX extension", "one in the leaf"));
    PublicKey key =
        rules
            .signatures()
            .p256()
            .key(leaf.point())
            .orElseThrow(
                () -> new Refusal(Reason.PCK_CHAIN, WHAT, "no point of P-256", "a P-256 key"));
    Certificate root = chain.getLast();
    return new PckChain(leaf, intermediate, root, rules.anchors().kind(root), pck, key);
  }

  List<Certificate> certificates() {
    return List.of(leaf, intermediate, root);
  }

  /** Dates and CRLs, at {@code at}. */
  void current(CheckedCollateral collateral, ChainRules rules, Instant at) throws Refusal {
    ChainRules.inDate(WHAT, certificates(), at);
    collateral.crls(rules, intermediate, at);
    Refusal.unless(
        !collateral.rootCrl().revoked().contains(intermediate.serial()),
        Reason.PCK_REVOKED,
        "intermediate CA",
        "serial " + intermediate.serial().toString(16) + " in the root CRL",
        "a CA that is not revoked");
    Refusal.unless(
        !collateral.pckCrl().revoked().contains(leaf.serial()),
        Reason.PCK_REVOKED,
        "PCK certificate",
        "serial " + leaf.serial().toString(16) + " in the PCK CRL",
        "a certificate that is not revoked");
  }

  Platform platform() {
    boolean hardware =
        rootKind == PlatformKind.SGX
            && certificates().stream().allMatch(c -> c.extensions().kind() == PlatformKind.SGX);
    return new Platform(
        hardware ? PlatformKind.SGX : PlatformKind.EMULATED,
        leaf.keyId(),
        root.keyId(),
        pck,
        intermediate.subject().commonName());
  }
}
