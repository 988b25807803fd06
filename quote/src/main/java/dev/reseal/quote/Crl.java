package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

/**
 * A certificate revocation list (RFC 5280, 5.1) from DER, PEM or hex of DER. The signature is not
 * checked here.
 *
 * @param number its cRLNumber, which only grows
 * @param revoked serial numbers
 */
record Crl(
    Signed signed,
    DistinguishedName issuer,
    Validity validity,
    BigInteger number,
    Set<BigInteger> revoked) {
  private static final int EXTENSIONS = 0xa0;
  private static final Bytes CRL_NUMBER = Bytes.hex("551d14");
  private static final Bytes AUTHORITY_KEY = Bytes.hex("551d23");

  Crl {
    revoked = Set.copyOf(revoked);
  }

  static Crl parse(String what, Bytes file) throws MalformedException {
    return parseDer(what, der(what, file));
  }

  private static byte[] der(String what, Bytes file) throws MalformedException {
    byte[] bytes = file.toArray();
    if (bytes.length > 0 && bytes[0] == DerReader.SEQUENCE) {
      return bytes;
    }
    if (bytes.length > 0 && bytes[0] == '-') {
      return Pem.blocks(what, file, "X509 CRL", 1).getFirst();
    }
    try {
      String hex = new String(bytes, StandardCharsets.ISO_8859_1).strip();
      return Bytes.hex(hex).toArray();
    } catch (IllegalArgumentException other) {
      throw new MalformedException(what, 0, "bytes of another kind", "a CRL in DER, PEM or hex");
    }
  }

  private static Crl parseDer(String what, byte[] der) throws MalformedException {
    Signed signed = Signed.parse(what, der);
    DerReader in = DerReader.of(what, signed.message().toArray()).enter(DerReader.SEQUENCE);
    int start = in.position();
    if (in.small(1) != 1) {
      throw in.malformed(start, "another version", "version 2");
    }
    Signed.algorithm(in);
    DistinguishedName issuer = DistinguishedName.read(in);
    Validity validity = new Validity(in.time(), in.time());
    Set<BigInteger> revoked =
        in.next(DerReader.SEQUENCE) ? entries(in.enter(DerReader.SEQUENCE)) : Set.of();
    BigInteger number = extensions(in);
    in.end();
    return new Crl(signed, issuer, validity, number, revoked);
  }

  private static Set<BigInteger> entries(DerReader in) throws MalformedException {
    Set<BigInteger> serials = new HashSet<>();
    while (in.hasMore()) {
      DerReader entry = in.enter(DerReader.SEQUENCE);
      serials.add(entry.integer());
      entry.time();
      if (entry.hasMore()) {
        noCritical(entry.enter(DerReader.SEQUENCE));
      }
      entry.end();
    }
    return serials;
  }

  /** An entry extension that is critical could change what the entry means. */
  private static void noCritical(DerReader in) throws MalformedException {
    while (in.hasMore()) {
      int start = in.position();
      if (Extension.read(in).critical()) {
        throw in.malformed(start, "a critical entry extension", "none");
      }
    }
  }

  private static BigInteger extensions(DerReader tbs) throws MalformedException {
    DerReader explicit = tbs.enter(EXTENSIONS);
    DerReader in = explicit.enter(DerReader.SEQUENCE);
    explicit.end();
    BigInteger number = BigInteger.valueOf(-1);
    Set<Bytes> seen = new HashSet<>();
    while (in.hasMore()) {
      int start = in.position();
      Extension extension = Extension.read(in);
      Bytes oid = extension.oid();
      if (!seen.add(oid)) {
        throw in.malformed(start, "extension " + oid.toHex() + " again", "each once");
      }
      if (oid.equals(CRL_NUMBER)) {
        DerReader content = DerReader.of("CRL number", extension.value().toArray());
        number = content.integer();
        content.end();
      } else if (extension.critical()) {
        throw in.malformed(start, "unknown critical extension " + oid.toHex(), "none");
      }
    }
    if (number.signum() < 0 || !seen.contains(AUTHORITY_KEY)) {
      throw in.malformed(
          in.position(), "no CRL number or authority key id", "both, as the profile requires");
    }
    return number;
  }
}
