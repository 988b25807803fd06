package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Provisioning.Role;
import dev.reseal.emulator.Provisioning.Validity;
import java.io.IOException;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.PublicKey;
import java.time.Instant;
import java.util.List;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509CertificateHolder;

/**
 * Keys and certificates of one machine: root, platform CA, PCK, TCB signer, and the quoting
 * enclave's attestation key, which no certificate names.
 */
record Chain(
    KeyPair root,
    KeyPair authority,
    KeyPair pck,
    KeyPair tcbSigner,
    KeyPair attestation,
    Bytes rootDer,
    Bytes authorityDer,
    Bytes pckDer,
    Bytes tcbDer) {
  private static final int CA_YEARS = 20;
  private static final int LEAF_YEARS = 7;
  private static final X500Name ROOT = Provisioning.name(Provisioning.ROOT);

  static Chain make(PlatformIdentity identity, Instant now) {
    KeyPair root = Keys.generate();
    KeyPair authority = Keys.generate();
    KeyPair pck = Keys.generate();
    KeyPair tcb = Keys.generate();
    Validity ca = Validity.years(now, CA_YEARS);
    Validity leaf = Validity.years(now, LEAF_YEARS);
    return new Chain(
        root,
        authority,
        pck,
        tcb,
        Keys.generate(),
        issue(Role.ROOT, Provisioning.ROOT, root.getPublic(), ROOT, root, ca, List.of()),
        issue(
            Role.AUTHORITY,
            Provisioning.PLATFORM_CA,
            authority.getPublic(),
            ROOT,
            root,
            ca,
            List.of()),
        pckCertificate(identity, pck.getPublic(), authority, leaf),
        issue(Role.LEAF, Provisioning.TCB_SIGNER, tcb.getPublic(), ROOT, root, leaf, List.of()));
  }

  /** With a PCK certificate for the TCB that the machine has now; the key stays. */
  Chain certifying(PlatformIdentity identity, Instant now) {
    Bytes fresh =
        pckCertificate(identity, pck.getPublic(), authority, Validity.years(now, LEAF_YEARS));
    return new Chain(
        root, authority, pck, tcbSigner, attestation, rootDer, authorityDer, fresh, tcbDer);
  }

  /** Another platform of the same provisioning service: new PCK and attestation keys. */
  Chain provisioning(PlatformIdentity identity, Instant now) {
    KeyPair fresh = Keys.generate();
    Bytes certificate =
        pckCertificate(identity, fresh.getPublic(), authority, Validity.years(now, LEAF_YEARS));
    return new Chain(
        root,
        authority,
        fresh,
        tcbSigner,
        Keys.generate(),
        rootDer,
        authorityDer,
        certificate,
        tcbDer);
  }

  private static Bytes pckCertificate(
      PlatformIdentity identity, PublicKey key, KeyPair authority, Validity validity) {
    return issue(
        Role.LEAF,
        Provisioning.PCK,
        key,
        Provisioning.name(Provisioning.PLATFORM_CA),
        authority,
        validity,
        List.of(PckExtension.of(identity)));
  }

  private static Bytes issue(
      Role role,
      String subject,
      PublicKey key,
      X500Name issuerName,
      KeyPair issuer,
      Validity validity,
      List<ASN1EncodableVector> sgx) {
    try {
      return Bytes.wrap(
          Provisioning.certificate(
                  role, Provisioning.name(subject), key, issuerName, issuer, validity, sgx)
              .getEncoded());
    } catch (IOException bad) {
      throw new IllegalStateException("certificate for " + subject + " cannot be encoded", bad);
    }
  }

  BigInteger pckSerial() {
    try {
      return new X509CertificateHolder(pckDer.toArray()).getSerialNumber();
    } catch (IOException damaged) {
      throw new IllegalStateException("own PCK certificate is damaged", damaged);
    }
  }

  /** Leaf, intermediate, root, as cert data type 5 carries them. */
  Bytes pckPem() {
    return Bytes.ascii(Machine.pem(pckDer) + Machine.pem(authorityDer) + Machine.pem(rootDer));
  }

  Bytes authorityPem() {
    return Bytes.ascii(Machine.pem(authorityDer) + Machine.pem(rootDer));
  }

  Bytes tcbPem() {
    return Bytes.ascii(Machine.pem(tcbDer) + Machine.pem(rootDer));
  }

  Bytes rootPem() {
    return Bytes.ascii(Machine.pem(rootDer));
  }
}
