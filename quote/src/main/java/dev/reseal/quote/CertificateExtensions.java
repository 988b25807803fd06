package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Emulated;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.PlatformKind;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The extensions of a certificate that count.
 *
 * @param complete authority and subject key id, CRL distribution points, key usage and basic
 *     constraints are all there, as Intel's profile requires
 * @param unknownCritical a critical extension that this verifier does not know
 * @param kind emulated if the certificate carries the critical mark of an emulated platform
 */
record CertificateExtensions(
    boolean complete,
    boolean authority,
    int pathLength,
    int keyUsage,
    boolean unknownCritical,
    PlatformKind kind,
    Optional<PckExtension> sgx) {
  static final int CERT_SIGN = 0x0400;
  static final int CRL_SIGN = 0x0200;
  private static final int UNLIMITED = 255;
  private static final int MOST = 32;

  private static final Bytes SUBJECT_KEY = Bytes.hex("551d0e");
  private static final Bytes KEY_USAGE = Bytes.hex("551d0f");
  private static final Bytes BASIC_CONSTRAINTS = Bytes.hex("551d13");
  private static final Bytes CRL_POINTS = Bytes.hex("551d1f");
  private static final Bytes AUTHORITY_KEY = Bytes.hex("551d23");
  private static final Set<Bytes> REQUIRED =
      Set.of(SUBJECT_KEY, KEY_USAGE, BASIC_CONSTRAINTS, CRL_POINTS, AUTHORITY_KEY);
  private static final Bytes EMULATED = encode(Emulated.OID);

  /** Reads the SEQUENCE OF Extension that fills {@code explicit}. */
  static CertificateExtensions read(DerReader explicit) throws MalformedException {
    DerReader in = explicit.enter(DerReader.SEQUENCE);
    explicit.end();
    Collected found = new Collected();
    while (in.hasMore()) {
      int start = in.position();
      Extension extension = Extension.read(in);
      if (!found.seen.add(extension.oid())) {
        throw in.malformed(start, "extension " + extension.oid().toHex() + " again", "each once");
      }
      if (found.seen.size() > MOST) {
        throw in.malformed(start, "more extensions", "at most " + MOST);
      }
      found.take(extension.oid(), extension.critical(), extension.value());
    }
    return found.done();
  }

  private static final class Collected {
    private final Set<Bytes> seen = new HashSet<>();
    private boolean authority;
    private int pathLength = UNLIMITED;
    private int keyUsage;
    private boolean unknownCritical;
    private PlatformKind kind = PlatformKind.SGX;
    private Optional<PckExtension> sgx = Optional.empty();

    private void take(Bytes oid, boolean critical, Bytes value) throws MalformedException {
      if (oid.equals(KEY_USAGE)) {
        DerReader in = DerReader.of("key usage", value.toArray());
        keyUsage = in.flagBits();
        in.end();
      } else if (oid.equals(BASIC_CONSTRAINTS)) {
        basicConstraints(DerReader.of("basic constraints", value.toArray()));
      } else if (oid.equals(PckExtension.OID)) {
        sgx = Optional.of(PckExtension.parse(value));
      } else if (oid.equals(EMULATED)) {
        kind = PlatformKind.EMULATED;
      } else if (critical && !REQUIRED.contains(oid)) {
        unknownCritical = true;
      }
    }

    private void basicConstraints(DerReader outer) throws MalformedException {
      DerReader in = outer.enter(DerReader.SEQUENCE);
      outer.end();
      authority = in.next(DerReader.BOOLEAN) && in.bool();
      if (in.hasMore()) {
        pathLength = in.small(UNLIMITED - 1);
      }
      in.end();
    }

    private CertificateExtensions done() {
      return new CertificateExtensions(
          seen.containsAll(REQUIRED), authority, pathLength, keyUsage, unknownCritical, kind, sgx);
    }
  }

  boolean mayIssue() {
    return authority && (keyUsage & CERT_SIGN) != 0;
  }

  /** DER content of an OID from its dotted form. */
  private static Bytes encode(String dotted) {
    String[] arcs = dotted.split("\\.");
    var out = new java.io.ByteArrayOutputStream();
    out.write(Integer.parseInt(arcs[0]) * 40 + Integer.parseInt(arcs[1]));
    for (int i = 2; i < arcs.length; i++) {
      int arc = Integer.parseInt(arcs[i]);
      for (int shift = 28; shift > 0; shift -= 7) {
        if (arc >>> shift != 0) {
          out.write(0x80 | (arc >>> shift & 0x7f));
        }
      }
      out.write(arc & 0x7f);
    }
    return Bytes.wrap(out.toByteArray());
  }
}
