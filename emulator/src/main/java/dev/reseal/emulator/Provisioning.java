package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Emulated;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * The provisioning authority of one emulated machine: certificates and CRLs in the shape of Intel's
 * (PCK certificate and CRL profile), under a root whose name and critical extension say EMULATED.
 */
final class Provisioning {
  /** What a certificate of the chain may do. */
  enum Role {
    ROOT(1, true),
    AUTHORITY(0, true),
    LEAF(-1, false);

    private final int pathLength;
    private final boolean issues;

    Role(int pathLength, boolean issues) {
      this.pathLength = pathLength;
      this.issues = issues;
    }
  }

  static final String ROOT = "EMULATED SGX Root CA";
  static final String PLATFORM_CA = "Intel SGX PCK Platform CA";
  static final String PCK = "Intel SGX PCK Certificate";
  static final String TCB_SIGNER = "Intel SGX TCB Signing";
  private static final String ORGANIZATION = Emulated.WORD + " platform without security";

  private static final int SERIAL_BITS = 127;
  private static final SecureRandom RANDOM = new SecureRandom();

  private Provisioning() {}

  /** CN is the role that every verifier looks for; the organisation says what it is. */
  static X500Name name(String common) {
    return new X500Name("CN=" + common + ",O=" + ORGANIZATION);
  }

  /**
   * A certificate for {@code subject}, signed by {@code issuer}; the SGX extension is for leaves.
   */
  static X509CertificateHolder certificate(
      Role role,
      X500Name subject,
      PublicKey key,
      X500Name issuerName,
      KeyPair issuer,
      Validity validity,
      List<ASN1EncodableVector> sgx) {
    try {
      JcaX509ExtensionUtils ids = new JcaX509ExtensionUtils();
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              issuerName,
              new BigInteger(SERIAL_BITS, RANDOM),
              Date.from(validity.from()),
              Date.from(validity.until()),
              subject,
              key);
      int usage = role.issues ? KeyUsage.keyCertSign | KeyUsage.cRLSign : signing();
      BasicConstraints basic =
          role.issues ? new BasicConstraints(role.pathLength) : new BasicConstraints(false);
      builder
          .addExtension(
              Extension.authorityKeyIdentifier,
              false,
              ids.createAuthorityKeyIdentifier(issuer.getPublic()))
          .addExtension(Extension.cRLDistributionPoints, false, distribution(issuerName))
          .addExtension(Extension.subjectKeyIdentifier, false, ids.createSubjectKeyIdentifier(key))
          .addExtension(Extension.keyUsage, true, new KeyUsage(usage))
          .addExtension(Extension.basicConstraints, true, basic);
      builder.addExtension(new ASN1ObjectIdentifier(Emulated.OID), true, DERNull.INSTANCE);
      for (ASN1EncodableVector parts : sgx) {
        builder.addExtension(PckExtension.OID, false, new DERSequence(parts));
      }
      return builder.build(
          new JcaContentSignerBuilder("SHA256withECDSA").build(issuer.getPrivate()));
    } catch (OperatorCreationException | IOException | GeneralSecurityException bad) {
      throw new IllegalStateException("certificate for " + subject + " cannot be built", bad);
    }
  }

  /** The DER of a CRL that lists {@code revoked} serial numbers. */
  static Bytes crl(
      X500Name issuerName,
      KeyPair issuer,
      long number,
      Instant now,
      Duration life,
      List<BigInteger> revoked) {
    try {
      X509v2CRLBuilder builder = new X509v2CRLBuilder(issuerName, Date.from(now));
      builder.setNextUpdate(Date.from(now.plus(life)));
      builder
          .addExtension(Extension.cRLNumber, false, new CRLNumber(BigInteger.valueOf(number)))
          .addExtension(
              Extension.authorityKeyIdentifier,
              false,
              new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(issuer.getPublic()));
      for (BigInteger serial : revoked) {
        builder.addCRLEntry(serial, Date.from(now), CRLReason.keyCompromise);
      }
      var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(issuer.getPrivate());
      return Bytes.wrap(builder.build(signer).getEncoded());
    } catch (OperatorCreationException | IOException | GeneralSecurityException bad) {
      throw new IllegalStateException("CRL of " + issuerName + " cannot be built", bad);
    }
  }

  private static int signing() {
    return KeyUsage.digitalSignature | KeyUsage.nonRepudiation;
  }

  /** A name that never resolves: the extension is required, fetching it is not. */
  private static CRLDistPoint distribution(X500Name issuer) {
    String file = issuer.toString().contains(ROOT) ? "root" : "pck";
    GeneralName uri =
        new GeneralName(
            GeneralName.uniformResourceIdentifier, "http://emulated.invalid/" + file + ".crl");
    DistributionPointName point = new DistributionPointName(new GeneralNames(uri));
    return new CRLDistPoint(new DistributionPoint[] {new DistributionPoint(point, null, null)});
  }

  /** Both ends of a certificate's life. */
  record Validity(Instant from, Instant until) {
    static Validity years(Instant now, int years) {
      return new Validity(now.minus(Duration.ofDays(1)), now.plus(Duration.ofDays(365L * years)));
    }
  }
}
