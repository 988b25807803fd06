package dev.reseal.quote;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** One revocation list of the test PKI, every property of which a case may spoil. */
final class CrlSpec {
  Instant from = TestPki.ISSUED;
  Instant until = TestPki.UNTIL;
  final List<BigInteger> revoked = new ArrayList<>();
  Optional<String> issuerName = Optional.empty();
  Optional<KeyPair> signer = Optional.empty();
  boolean withNumber = true;
  boolean withAuthorityKey = true;
  long number = 7;
  boolean criticalNumber;
  boolean criticalEntries;

  /** If present, an extension that nobody knows; whether it is critical. */
  Optional<Boolean> unknown = Optional.empty();

  byte[] der(CertSpec issuer) {
    try {
      var builder =
          new X509v2CRLBuilder(issuerName.map(CertSpec::dn).orElse(issuer.dn()), Date.from(from));
      builder.setNextUpdate(Date.from(until));
      if (withNumber) {
        CRLNumber value = new CRLNumber(BigInteger.valueOf(number));
        builder.addExtension(Extension.cRLNumber, criticalNumber, value);
      }
      if (withAuthorityKey) {
        builder.addExtension(
            Extension.authorityKeyIdentifier,
            false,
            new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(issuer.key.getPublic()));
      }
      if (unknown.isPresent()) {
        builder.addExtension(new ASN1ObjectIdentifier("1.2.3.4"), unknown.get(), DERNull.INSTANCE);
      }
      for (BigInteger serial : revoked) {
        builder.addCRLEntry(serial, Date.from(from), reason());
      }
      KeyPair by = signer.orElse(issuer.key);
      return builder
          .build(new JcaContentSignerBuilder("SHA256withECDSA").build(by.getPrivate()))
          .getEncoded();
    } catch (IOException | OperatorCreationException | GeneralSecurityException bad) {
      throw new IllegalStateException("CRL of " + issuer.name, bad);
    }
  }

  private Extensions reason() throws IOException {
    CRLReason reason = CRLReason.lookup(CRLReason.keyCompromise);
    return new Extensions(
        new Extension(Extension.reasonCode, criticalEntries, reason.getEncoded()));
  }
}
