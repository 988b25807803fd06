package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Date;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** One certificate of the test PKI, every property of which a case may spoil. */
final class CertSpec {
  String name;
  Optional<String> issuerName = Optional.empty();
  Instant from = Instant.parse("2026-01-01T00:00:00Z");
  Instant until = Instant.parse("2046-01-01T00:00:00Z");
  boolean ca;
  int pathLength;
  int usage;
  BigInteger serial;
  KeyPair key = newKey("secp256r1");
  Optional<KeyPair> signer = Optional.empty();
  final Set<ASN1ObjectIdentifier> omitted = new HashSet<>();
  Optional<String> critical = Optional.empty();
  Optional<ASN1Encodable> sgx = Optional.empty();

  /** If present, what the certificate says instead of the key's point. */
  Optional<Bytes> point = Optional.empty();

  String algorithm = "SHA256withECDSA";

  private CertSpec(String name, int serial, boolean ca, int pathLength, int usage) {
    this.name = name;
    this.serial = BigInteger.valueOf(serial);
    this.ca = ca;
    this.pathLength = pathLength;
    this.usage = usage;
  }

  static CertSpec authority(String name, int serial, int pathLength) {
    return new CertSpec(name, serial, true, pathLength, KeyUsage.keyCertSign | KeyUsage.cRLSign);
  }

  static CertSpec leaf(String name, int serial) {
    return new CertSpec(name, serial, false, -1, KeyUsage.digitalSignature);
  }

  // Thousands of keys and signatures are made; the JDK's own provider takes eight times as long.
  static {
    P256.preferFastest();
  }

  static KeyPair newKey(String curve) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(curve));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException(missing);
    }
  }

  X500Name dn() {
    return dn(name);
  }

  static X500Name dn(String name) {
    return new X500Name("CN=" + name + ",O=Reseal test PKI,C=XX");
  }

  String pem(CertSpec issuer) {
    return TestPki.pem("CERTIFICATE", der(issuer));
  }

  byte[] der(CertSpec issuer) {
    try {
      JcaX509ExtensionUtils ids = new JcaX509ExtensionUtils();
      var builder =
          new X509v3CertificateBuilder(
              issuerName.map(CertSpec::dn).orElse(issuer.dn()),
              serial,
              Date.from(from),
              Date.from(until),
              dn(),
              SubjectPublicKeyInfo.getInstance(spki()));
      add(
          builder,
          Extension.authorityKeyIdentifier,
          false,
          ids.createAuthorityKeyIdentifier(issuer.key.getPublic()));
      add(builder, Extension.cRLDistributionPoints, false, points());
      add(
          builder,
          Extension.subjectKeyIdentifier,
          false,
          ids.createSubjectKeyIdentifier(key.getPublic()));
      add(builder, Extension.keyUsage, true, new KeyUsage(usage));
      add(
          builder,
          Extension.basicConstraints,
          true,
          ca ? new BasicConstraints(pathLength) : new BasicConstraints(false));
      if (critical.isPresent()) {
        add(builder, new ASN1ObjectIdentifier(critical.get()), true, DERNull.INSTANCE);
      }
      if (sgx.isPresent()) {
        add(builder, new ASN1ObjectIdentifier("1.2.840.113741.1.13.1"), false, sgx.get());
      }
      KeyPair by = signer.orElse(issuer.key);
      return builder
          .build(new JcaContentSignerBuilder(algorithm).build(by.getPrivate()))
          .getEncoded();
    } catch (IOException | OperatorCreationException | GeneralSecurityException bad) {
      throw new IllegalStateException("certificate of " + name, bad);
    }
  }

  private byte[] spki() {
    return point
        .map(other -> Bytes.concat(P256.SPKI_PREFIX, other).toArray())
        .orElseGet(key.getPublic()::getEncoded);
  }

  private void add(
      X509v3CertificateBuilder builder,
      ASN1ObjectIdentifier oid,
      boolean isCritical,
      ASN1Encodable value)
      throws IOException {
    if (!omitted.contains(oid)) {
      builder.addExtension(oid, isCritical, value);
    }
  }

  private static CRLDistPoint points() {
    GeneralName uri =
        new GeneralName(GeneralName.uniformResourceIdentifier, "http://test.invalid/crl");
    DistributionPointName point = new DistributionPointName(new GeneralNames(uri));
    return new CRLDistPoint(new DistributionPoint[] {new DistributionPoint(point, null, null)});
  }
}
