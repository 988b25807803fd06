package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.ReportBody;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A whole quote with its collateral under a root of its own. A new one is good in every respect; a
 * case spoils one thing before it is built.
 */
final class TestPki {
  static final Instant ISSUED = Instant.parse("2026-05-01T00:00:00Z");
  static final Instant AT = Instant.parse("2026-05-10T12:00:00Z");
  static final Instant UNTIL = Instant.parse("2026-05-31T00:00:00Z");
  static final String FMSPC = "00906ed50000";
  static final Bytes QE_SIGNER = Bytes.ascii("test quoting enclave signer").sha256();
  static final Bytes SEAM_SIGNER = Bytes.zeros(48);

  Instant at = AT;
  Tee tee = Tee.SGX;
  int version = 3;
  int bodyType = 1;

  CertSpec root = CertSpec.authority("Test SGX Root CA", 1, 1);
  CertSpec intermediate = CertSpec.authority("Intel SGX PCK Platform CA", 2, 0);
  CertSpec leaf = CertSpec.leaf("Intel SGX PCK Certificate", 3);
  CertSpec tcbSigner = CertSpec.leaf("Intel SGX TCB Signing", 4);
  Optional<CertSpec> qeSigner = Optional.empty();
  Optional<CertSpec> trusted = Optional.empty();
  CrlSpec rootCrl = new CrlSpec();
  CrlSpec pckCrl = new CrlSpec();
  KeyPair attestation = CertSpec.newKey("secp256r1");

  Instant tcbIssued = ISSUED;
  Instant tcbUntil = UNTIL;
  Instant qeIssued = ISSUED;
  Instant qeUntil = UNTIL;
  int tcbEvaluation = 17;
  int qeEvaluation = 17;
  List<String> levels =
      new ArrayList<>(
          List.of(
              TestCollateral.sgxLevel(8, 11, "UpToDate"),
              TestCollateral.sgxLevel(5, 11, "OutOfDate", "TEST-SA-00002", "TEST-SA-00001")));
  List<String> tdxLevels =
      new ArrayList<>(
          List.of(
              TestCollateral.tdxLevel(8, 2, "UpToDate"),
              TestCollateral.tdxLevel(5, 1, "OutOfDate")));
  List<String> qeLevels =
      new ArrayList<>(
          List.of(
              TestCollateral.svnLevel(8, "UpToDate"),
              TestCollateral.svnLevel(6, "OutOfDate", "TEST-SA-00003")));
  List<String> moduleLevels =
      new ArrayList<>(
          List.of(
              TestCollateral.svnLevel(4, "UpToDate"),
              TestCollateral.svnLevel(2, "OutOfDate", "TEST-SA-00004")));
  UnaryOperator<String> tcbInfo = UnaryOperator.identity();
  UnaryOperator<String> tcbInfoSigned = UnaryOperator.identity();
  UnaryOperator<String> identity = UnaryOperator.identity();
  UnaryOperator<String> identitySigned = UnaryOperator.identity();
  Optional<KeyPair> tcbInfoKey = Optional.empty();
  Optional<KeyPair> identityKey = Optional.empty();
  final List<Part> missing = new ArrayList<>();

  byte[] components = {8, 8, 2, 2, 1, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0};
  int pceSvn = 11;
  Bytes teeTcbSvn = Bytes.hex("04010200000000000000000000000000");
  Bytes teeTcbSvn2 = Bytes.hex("04010200000000000000000000000000");
  Bytes seamSigner = SEAM_SIGNER;
  Bytes seamAttributes = Bytes.zeros(8);
  Bytes tdAttributes = Bytes.hex("0000001000000000");
  long attributes = Attributes.INIT | Attributes.MODE64BIT;
  long qeAttributes = Attributes.INIT | Attributes.MODE64BIT | Attributes.PROVISIONKEY;
  int qeMisc;
  Bytes qeSignerId = QE_SIGNER;
  int qeProduct = -1;
  int qeSvn = 8;
  Bytes qeAuth = Bytes.hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  UnaryOperator<Bytes> qeReportData = UnaryOperator.identity();
  UnaryOperator<Bytes> qeReportSigned = UnaryOperator.identity();
  UnaryOperator<Bytes> body = UnaryOperator.identity();
  Optional<KeyPair> qeReportKey = Optional.empty();
  Optional<KeyPair> quoteKey = Optional.empty();
  Optional<Bytes> statedKey = Optional.empty();
  int certType = 5;
  Optional<Bytes> certData = Optional.empty();
  UnaryOperator<String> pckPem = UnaryOperator.identity();
  Bytes afterCertification = Bytes.EMPTY;
  Bytes afterAuthentication = Bytes.EMPTY;
  UnaryOperator<Bytes> quote = UnaryOperator.identity();

  /** A TD quote of version 4, or of version 5 with the body of TDX 1.5. */
  TestPki tdx(int quoteVersion) {
    tee = Tee.TDX;
    version = quoteVersion;
    bodyType = quoteVersion == 5 ? 3 : 2;
    return this;
  }

  record Built(Bytes quote, Collateral collateral, Bytes rootPem, Instant at) {
    Verdict judged(Verifier verifier) {
      return verifier.verify(quote, collateral, at);
    }
  }

  Built build() {
    leaf.sgx = leaf.sgx.or(() -> Optional.of(TestPckExtension.of(components, pceSvn)));
    Bytes rootPem = Bytes.ascii(trusted.orElse(root).pem(trusted.orElse(root)));
    Bytes made = quote.apply(quoteBytes());
    return new Built(made, new TestCollateral(this).build(), rootPem, at);
  }

  int product() {
    return tee == Tee.SGX ? 1 : 2;
  }

  private Bytes quoteBytes() {
    Bytes header =
        Bytes.wrap(
            little(48)
                .putShort((short) version)
                .putShort((short) 2)
                .putInt(tee.number())
                .putInt(0)
                .put(Bytes.hex("939a7233f79c4ca9940a0db3957f0607").toArray())
                .array());
    Bytes content = body.apply(tee == Tee.SGX ? report() : tdReport());
    Bytes prefix =
        version == 5
            ? Bytes.wrap(little(6).putShort((short) bodyType).putInt(content.size()).array())
            : Bytes.EMPTY;
    Bytes signed = Bytes.concat(header, prefix, content);
    Bytes auth = authentication(signed);
    return Bytes.concat(signed, u32(auth.size()), auth);
  }

  private Bytes authentication(Bytes signed) {
    Bytes key = statedKey.orElse(point(attestation.getPublic()));
    Bytes bound = Bytes.concat(Bytes.sha256(key, qeAuth), Bytes.zeros(32));
    Bytes report = qeReport(qeReportData.apply(bound));
    Bytes reportSignature = sign(qeReportKey.orElse(leaf.key), report);
    Bytes pem =
        certData.orElseGet(() ->
            Bytes.ascii(
                pckPem.apply(leaf.pem(intermediate) + intermediate.pem(root) + root.pem(root))));
    Bytes qe =
        Bytes.concat(
            qeReportSigned.apply(report),
            reportSignature,
            u16(qeAuth.size()),
            qeAuth,
            u16(certType),
            u32(pem.size()),
            pem,
            afterCertification);
    Bytes nested = version == 3 ? qe : Bytes.concat(u16(6), u32(qe.size()), qe);
    Bytes signature = sign(quoteKey.orElse(attestation), signed);
    return Bytes.concat(signature, key, nested, afterAuthentication);
  }

  private Bytes report() {
    return body(
        attributes, 0, Bytes.ascii("m").sha256(), Bytes.ascii("s").sha256(), 1, 2, Bytes.zeros(64));
  }

  private Bytes qeReport(Bytes data) {
    return body(
        qeAttributes,
        qeMisc,
        Bytes.ascii("qe").sha256(),
        qeSignerId,
        qeProduct < 0 ? product() : qeProduct,
        qeSvn,
        data);
  }

  private static Bytes body(
      long attributes, int misc, Bytes enclave, Bytes signer, int product, int svn, Bytes data) {
    return new ReportBody(
            Bytes.zeros(16),
            misc,
            Bytes.zeros(16),
            new Attributes(attributes, 3),
            enclave,
            signer,
            Bytes.zeros(64),
            product,
            svn,
            0,
            Bytes.zeros(16),
            data)
        .encode();
  }

  private Bytes tdReport() {
    Bytes td10 =
        Bytes.concat(
            teeTcbSvn,
            Bytes.zeros(48),
            seamSigner,
            seamAttributes,
            tdAttributes,
            Bytes.zeros(8),
            Bytes.concat(Bytes.ascii("td").sha256(), Bytes.zeros(16)),
            Bytes.zeros(48 * 7),
            Bytes.zeros(64));
    return bodyType == 3 ? Bytes.concat(td10, teeTcbSvn2, Bytes.zeros(48)) : td10;
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  static Bytes u16(int value) {
    return Bytes.wrap(little(2).putShort((short) value).array());
  }

  static Bytes u32(int value) {
    return Bytes.wrap(little(4).putInt(value).array());
  }

  static Bytes sign(KeyPair key, Bytes message) {
    try {
      Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
      signature.initSign(key.getPrivate());
      signature.update(message.toArray());
      return Bytes.wrap(signature.sign());
    } catch (GeneralSecurityException failed) {
      throw new IllegalStateException(failed);
    }
  }

  static Bytes point(PublicKey key) {
    var w = ((ECPublicKey) key).getW();
    return Bytes.concat(coordinate(w.getAffineX()), coordinate(w.getAffineY()));
  }

  private static Bytes coordinate(BigInteger value) {
    byte[] raw = value.toByteArray();
    byte[] fixed = new byte[32];
    int size = Math.min(raw.length, 32);
    System.arraycopy(raw, raw.length - size, fixed, 32 - size, size);
    return Bytes.wrap(fixed);
  }

  static String pem(String label, byte[] der) {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
  }
}
