package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * A certificate of Intel's SGX PKI, as far as judging needs it (RFC 5280 profile: version 3, P-256,
 * ecdsa-with-SHA256). Parsing checks the form only; nothing here is trusted yet.
 *
 * @param point public key, x then y
 * @param validity both ends inclusive
 */
record Certificate(
    Signed signed,
    BigInteger serial,
    DistinguishedName issuer,
    DistinguishedName subject,
    Validity validity,
    Bytes point,
    CertificateExtensions extensions) {

  private static final int VERSION = 0xa0;
  private static final int EXTENSIONS = 0xa3;
  private static final int V3 = 2;

  /** The certificates of a PEM chain, at most {@code most}. */
  static List<Certificate> chain(String what, Bytes pem, int most) throws MalformedException {
    List<Certificate> all = new ArrayList<>();
    for (byte[] der : Pem.blocks(what, pem, "CERTIFICATE", most)) {
      all.add(parse(what, der));
    }
    return List.copyOf(all);
  }

  static Certificate parse(String what, byte[] der) throws MalformedException {
    Signed signed = Signed.parse(what, der);
    DerReader in = DerReader.of(what, signed.message().toArray()).enter(DerReader.SEQUENCE);
    DerReader version = in.enter(VERSION);
    int start = in.position();
    if (version.small(V3) != V3) {
      throw in.malformed(start, "another version", "version 3");
    }
    version.end();
    BigInteger serial = in.integer();
    Signed.algorithm(in);
    DistinguishedName issuer = DistinguishedName.read(in);
    DerReader dates = in.enter(DerReader.SEQUENCE);
    Validity validity = new Validity(dates.time(), dates.time());
    dates.end();
    DistinguishedName subject = DistinguishedName.read(in);
    Bytes point = point(in);
    DerReader explicit = in.enter(EXTENSIONS);
    in.end();
    CertificateExtensions extensions = CertificateExtensions.read(explicit);
    return new Certificate(signed, serial, issuer, subject, validity, point, extensions);
  }

  private static Bytes point(DerReader in) throws MalformedException {
    int start = in.position();
    Bytes spki = in.element();
    int prefix = P256.SPKI_PREFIX.size();
    if (spki.size() != prefix + P256.POINT_SIZE
        || !spki.slice(0, prefix).equals(P256.SPKI_PREFIX)) {
      throw in.malformed(start, "a key of another kind", "an uncompressed P-256 key");
    }
    return spki.slice(prefix, P256.POINT_SIZE);
  }

  /** SHA-256 of the SubjectPublicKeyInfo in DER: the name of a key. */
  Bytes keyId() {
    return Bytes.sha256(P256.SPKI_PREFIX, point);
  }

  boolean selfIssued() {
    return issuer.equals(subject);
  }
}
